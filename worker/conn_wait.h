/*
 * conn_wait: sets a connection's interest and deadline. For conn.c.
 */
#ifndef WORKER_CONN_WAIT_H
#define WORKER_CONN_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

/* From the state to what the loop watches and when it is enough. 0, or -1 when
 * memory is short. */
int	conn_settle(struct conn *c);
/* How long what c waits for may take. */
int64_t	conn_wait_ms(const struct conn *c);
/*
 * The deadline came: was the client fast enough since it was armed, on
 * average? Then it may go on. After the client's end any byte sent is enough,
 * after ours any byte that comes.
 */
bool	conn_kept_up(const struct conn *c);

#endif
