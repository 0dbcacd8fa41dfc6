/*
 * turns: sources that have much to do take turns with everybody else.
 */
#ifndef WORKER_SERVE_TURNS_H
#define WORKER_SERVE_TURNS_H

#include "worker/timeout.h"

struct request;

/* Embedded in a source. Zero is "not waiting". */
struct turn {
	struct timeout timeout;		/* armed while others have theirs */
	struct request *request;	/* borrowed: woken then */
};

/* The source did enough for now and says SOURCE_WAIT: r is woken as soon as
 * others had their turn. */
void	turn_wait(struct turn *t, struct request *r);
/* The source is gone; harmless when it did not wait. */
void	turn_clear(struct turn *t);
/* Wakes those whose turn has come. */
void	turns_tick(struct mono now);
/* The earlier of until and when that is due. */
struct mono turns_next(struct mono until);

#endif
