/*
 * conn_wait: sets a connection's interest and deadline. For conn.c.
 */
#ifndef WORKER_CONN_WAIT_H
#define WORKER_CONN_WAIT_H

#include <stdbool.h>

struct conn;

/* From the state to what the loop watches and when it is enough. 0, or -1 when
 * memory is short. */
int	conn_settle(struct conn *c);
/* The deadline came: was the client fast enough since it was armed, on
 * average? Then it may go on. */
bool	conn_kept_up(const struct conn *c);

#endif
