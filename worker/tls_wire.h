/*
 * tls_wire: what lies between a TLS session and its socket.
 *
 * OpenSSL writes each record by itself; here those of one batch are gathered
 * and leave in one send. What the socket does not take at once is kept, and
 * nothing counts as sent before it has left.
 */
#ifndef WORKER_TLS_WIRE_H
#define WORKER_TLS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "worker/transport.h"

struct ssl_st;

#define TLS_RECORD	((size_t)16384)	/* the plain bytes of a full record */
#define TLS_BATCH_MAX	(16 * TLS_RECORD) /* and of the largest batch: with half
					   * as many records a large file costs
					   * a tenth more, with more no less */

/* Puts a wire to the socket fd (borrowed) under the session, which owns it
 * from then on. 0, or -1 when memory is short. */
int	tls_wire_open(struct ssl_st *tls, int fd);
/* How many plain bytes a batch should have now: more as the client keeps up,
 * one record when it does not. */
size_t	tls_wire_batch(const struct ssl_st *tls);
/*
 * The session was read from. It need not allocate its buffers for each record,
 * and clear them (what was read may have been a password), as it does by
 * SSL_MODE_RELEASE_BUFFERS: it keeps them until it rests.
 */
void	tls_wire_used(struct ssl_st *tls);
/* Those that rest give theirs back. */
void	tls_wire_tick(struct mono now);
/* The earlier of until and when that is due. */
struct mono tls_wire_next(struct mono until);
/* What is sent from here on may wait for the end of the connection, which
 * follows the last byte at once. */
void	tls_wire_ends(struct ssl_st *tls);
/* Records written from here on are gathered, as many as a batch has, however
 * short they are. */
void	tls_wire_gather(struct ssl_st *tls);
/*
 * Sends what was gathered, which stands for n plain bytes. IO_OK: *sent is n.
 * IO_WANT_WRITE: *sent is 0, call tls_wire_flush when the socket is writable.
 */
enum io_result tls_wire_send(struct ssl_st *tls, size_t n, size_t *sent);
/* The same for what an earlier call could not send; IO_OK and *sent 0 when
 * there is nothing. */
enum io_result tls_wire_flush(struct ssl_st *tls, size_t *sent);
/* About how many of the plain bytes that count as not sent have left: as IO_OK
 * will count them, and never fewer than before until then. */
size_t	tls_wire_underway(const struct ssl_st *tls);

#endif
