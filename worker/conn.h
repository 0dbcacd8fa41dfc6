/*
 * conn: a connection's life, and the one pump that moves it.
 *
 * Whatever happens to a connection ends in conn_run: it does what is possible
 * now and then says what it waits for. Lower layers report, only conn.c ends a
 * connection.
 */
#ifndef WORKER_CONN_H
#define WORKER_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "worker/context.h"
#include "worker/http/body.h"
#include "worker/http/request.h"
#include "worker/loop.h"
#include "worker/timeout.h"

#define CONN_MAGIC	0x436f6e6eu
#define CONN_IN_MAX	16384	/* bytes of input held; a head may need more */
#define CONN_OUT_MAX	32768	/* bytes of output queued in memory */

struct conf_trust;
struct listener;
struct transport;

enum conn_state {
	CONN_NONE,
	CONN_HANDSHAKE,		/* TLS is being agreed, or a proxy is to say
				 * whose connection it is */
	CONN_IDLE,		/* nothing of the next request yet */
	CONN_READING,		/* part of a head is here, or the first
				 * awaited */
	CONN_BUSY,		/* a request is being served */
	CONN_LINGER,		/* answered; leftovers are read, so that the
				 * answer is not lost to a reset */
	CONN_CLOSED		/* gone at the end of this turn */
};

/* http1's part of a connection. */
struct http1 {
	struct request *current;	/* owned; being served */
	struct request *answered;	/* owned, oldest first; wholly queued,
					 * not wholly sent */
	struct request *answered_last;
	size_t scanned;			/* http_parse's */
	unsigned nanswered;
	unsigned nrequests;		/* ever begun here */
	bool closing;			/* no further request is read */
	bool client_closes;		/* it said so, and sends nothing more */
	bool until_close;		/* the end of the connection ends the
					 * body that is being sent */
	bool body_wanted;		/* waiting for more of a body */
	bool at_gate;			/* the current request waits to be let
					 * in */
	bool log_full;			/* waiting for the access log */
};

/* Thousands of these are idle: what only a request needs is in the request, and
 * what is small stands together, without holes. */
struct conn {
	uint32_t magic;
	enum conn_state state;
	enum conn_wait waiting;		/* what timeout stands for */
	int fd;				/* owned */
	struct worker *worker;		/* borrowed, process */
	const struct listener *listener; /* borrowed, process */
	const struct transport *transport;
	struct ssl_st *tls;		/* owned; NULL on plain connections */
	struct client_info client;
	const struct conf_trust *forwarder; /* borrowed, process: the proxy
					 * whose requests say by whom they are
					 * sent; NULL = it is none */
	uint64_t who;			/* crowd's number for the client; 0 =
					 * not asked for yet */
	struct buf in;			/* read, not yet understood */
	struct buf out;			/* to send */
	struct span span;		/* to send after out */
	uint64_t queued;		/* bytes ever put into out and span */
	uint64_t sent;			/* bytes ever written */
	uint64_t underway;		/* TLS: bytes that left, of a batch
					 * that counts when it has whole */
	uint64_t received;		/* bytes ever read */
	struct timeout timeout;
	uint64_t progress;		/* the count it judges, when armed */
	struct conn *next, *prev;	/* worker->conns */
	TAILQ_ENTRY(conn) again;	/* worker->again */
	struct conn *next_closed;	/* worker->closed */
	struct http1 http1;
	bool counted;			/* among the client's connections */
	bool paced;			/* it could send, but must not yet */
	bool can_read;			/* the last read did not drain it */
	bool can_write;			/* the last write was not refused */
	bool read_wants_write;		/* TLS: to read it must write first */
	bool write_wants_read;		/* and the reverse */
	bool tls_broken;		/* the TLS session is of no use */
	uint8_t tls_messages;		/* of the handshake's kind, behind it */
	bool eof;			/* the client will send no more */
	bool left;			/* nor will it, but what it sent is not
					 * all read */
	bool failed;			/* reading or writing is impossible */
	bool cut;			/* a message cannot be completed: what
					 * is queued is the last of it */
	bool fresh;			/* the next idle time begins anew */
	bool flush_then_close;		/* nothing comes after what is queued */
	bool fin_follows;		/* what is written now may wait for our
					 * end: it comes behind the last byte */
	bool running;			/* conn_run is at work */
	bool run_again;			/* and was asked for once more */
	bool in_again;			/* in the worker's again list */
	uint8_t lingered;		/* deadlines that passed in LINGER */
};

/* Takes fd (always: it is closed on failure). local is the address it came in
 * by; NULL: the socket is asked. The result is to be compared, not used: it
 * may be closed already. */
struct conn *conn_open(struct worker *w, int fd, const struct listener *l,
	    const struct net_addr *peer, const struct net_addr *local);
/* Does all that is possible now, then sets interest and deadline. */
void	conn_run(struct conn *c);
/* Runs those that had more to do than their allowance. */
void	conn_run_again(struct worker *w);
/* For the loop: c's socket is ready. */
void	conn_ready(void *c, enum loop_events ready);
/* Called for a deadline that came. */
void	conn_expired(struct timeout *t);
/* Closes a connection that waits, not except, of the client address that holds
 * most: the one that has waited longest; when it has none, anybody's. One whose
 * head or handshake is still coming in goes only after min_ms. False when there
 * is none. */
bool	conn_evict(struct worker *w, const struct conn *except,
	    int64_t min_ms);
/* Ends all at once: a TERM, or the drain limit. */
void	conn_close_all(struct worker *w);
/* Frees what was closed in this turn. */
void	conn_reap(struct worker *w);
const char *conn_state_name(enum conn_state state);

/* --- for the protocol --- */

/* Room in out, given that nothing may be put behind a span. */
size_t	conn_out_room(const struct conn *c);
/* n bytes were put into out; the span was set. */
void	conn_queued(struct conn *c, size_t n);
void	conn_set_span(struct conn *c, const struct span *span);
/* The file that the span is of has ended too early (error 0) or cannot be
 * read: says so in the log, and of which request it was. */
void	conn_file_failed(const struct conn *c, int error);
/* Everything queued has been written. */
bool	conn_is_flushed(const struct conn *c);

#endif
