/*
 * accept: takes new connections from the shared listening sockets, as far as
 * the ledger can pay and siblings do not hold far fewer.
 */
#ifndef WORKER_ACCEPT_H
#define WORKER_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

struct listener;
struct shares;
struct worker;

/* Watches n listeners; they are borrowed, their descriptors are closed by
 * accept_close. The shares are borrowed too, column is this worker's. 0, or -1
 * when memory is short. */
int	accept_open(struct worker *w, const struct listener *listeners,
	    size_t n, struct shares *shares, unsigned column);
/* Lets go of the listeners; where they end for good only when all who have
 * connected so far, and said nothing yet, had their time to come in. */
void	accept_finish(struct worker *w);
/* Lets go of them now; takes what their queues hold already, if wanted:
 * for others there might be nobody left. */
void	accept_close(struct worker *w, bool take_queued);
/* Once a turn: says what this worker holds, and listens again where a pause is
 * over. */
void	accept_resume(struct worker *w);
/* The earlier of until and the end of a pause, or of that time. */
struct mono accept_next(struct mono until);
/* Are there listeners still? */
bool	accept_is_open(void);

#endif
