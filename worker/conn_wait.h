/*
 * conn_wait: sets a connection's interest and deadline. For conn.c.
 */
#ifndef WORKER_CONN_WAIT_H
#define WORKER_CONN_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct timeout;
struct worker;

/* From the state to what the loop watches and when it is enough. 0, or -1 when
 * memory is short. */
int	conn_settle(struct conn *c);
/*
 * The deadline came: was the client fast enough since it was armed, on
 * average? Then it may go on. After the client's end any byte sent is enough,
 * after ours any byte that comes.
 */
bool	conn_kept_up(const struct conn *c);

/* The connection whose deadline this is. */
struct conn *conn_of_deadline(struct timeout *t);
/* One that waits and may go, see conn_evict; or NULL. */
struct conn *conn_waiting(struct worker *w, const struct conn *except,
	    int64_t min_ms);

#endif
