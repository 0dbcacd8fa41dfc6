/*
 * pace: how fast a connection sends where `limit bandwidth` holds. For
 * conn_io.
 */
#ifndef WORKER_PACE_H
#define WORKER_PACE_H

#include <stdbool.h>
#include <stddef.h>

struct conn;

/* May c send now? If so *held is how much of its span was put aside: give it
 * back with pace_end. If not, c->paced is set. */
bool	pace_begin(struct conn *c, size_t *held);
/* n bytes were sent; before anything else learns of it. */
void	pace_end(struct conn *c, size_t held, size_t n);

#endif
