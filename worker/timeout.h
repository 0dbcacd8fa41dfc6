/*
 * timeout: deadlines in queues sorted by time.
 *
 * There is a queue for each kind of timeout. All of a kind last equally long,
 * so a new one belongs at the end and the queue is sorted by itself; a shorter
 * one finds its place by walking back.
 */
#ifndef WORKER_TIMEOUT_H
#define WORKER_TIMEOUT_H

#include <stdbool.h>

#include "common/clock.h"

struct timeoutq;

/* Embedded in what waits. Zero is "not armed". */
struct timeout {
	struct timeoutq *queue;		/* borrowed; NULL = not armed */
	struct timeout *prev;
	struct timeout *next;
	struct mono at;
};

/* Called once the time has come; the timeout is not armed any more. */
typedef void timeout_fn(struct timeout *t);

struct timeoutq {
	struct timeout *first;		/* the earliest */
	struct timeout *last;
	timeout_fn *fn;
};

/* Arms t (again) to come at the given time. */
void	timeout_set(struct timeoutq *q, struct timeout *t, struct mono at);
/* Harmless when not armed. */
void	timeout_clear(struct timeout *t);
bool	timeout_is_set(const struct timeout *t);
/* Calls fn for each that is due at now. */
void	timeoutq_run(struct timeoutq *q, struct mono now);
/* The earlier of until and the queue's first deadline (either may be unset). */
struct mono timeoutq_next(const struct timeoutq *q, struct mono until);

#endif
