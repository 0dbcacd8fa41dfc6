/*
 * Deadlines in queues sorted by time.
 */
#include "worker/timeout.h"

#include <assert.h>
#include <stddef.h>

void
timeout_set(struct timeoutq *q, struct timeout *t, struct mono at)
{
	struct timeout *before;

	assert(mono_is_set(at));
	timeout_clear(t);
	t->queue = q;
	t->at = at;
	for (before = q->last; before != NULL && mono_before(at, before->at);
	    before = before->prev)
		continue;
	t->prev = before;
	t->next = before == NULL ? q->first : before->next;
	if (t->prev == NULL)
		q->first = t;
	else
		t->prev->next = t;
	if (t->next == NULL)
		q->last = t;
	else
		t->next->prev = t;
}

void
timeout_clear(struct timeout *t)
{
	struct timeoutq *q = t->queue;

	if (q == NULL)
		return;
	if (t->prev == NULL)
		q->first = t->next;
	else
		t->prev->next = t->next;
	if (t->next == NULL)
		q->last = t->prev;
	else
		t->next->prev = t->prev;
	*t = (struct timeout){ 0 };
}

bool
timeout_is_set(const struct timeout *t)
{
	return t->queue != NULL;
}

void
timeoutq_run(struct timeoutq *q, struct mono now)
{
	while (q->first != NULL && !mono_before(now, q->first->at)) {
		struct timeout *t = q->first;

		timeout_clear(t);
		q->fn(t);
	}
}

struct mono
timeoutq_next(const struct timeoutq *q, struct mono until)
{
	if (q->first == NULL)
		return until;
	if (!mono_is_set(until) || mono_before(q->first->at, until))
		return q->first->at;
	return until;
}
