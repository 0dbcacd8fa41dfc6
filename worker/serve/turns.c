/*
 * One queue for all that wait for their turn.
 */
#include "worker/serve/turns.h"

#include <stddef.h>

#include "worker/http/request.h"

#define TURN_MS		1		/* until it is theirs again */

static void
on_turn(struct timeout *timeout)
{
	struct turn *t = (struct turn *)((char *)timeout -
	    offsetof(struct turn, timeout));

	request_wake(t->request);
}

static struct timeoutq turns = { .fn = on_turn };

void
turn_wait(struct turn *t, struct request *r)
{
	t->request = r;
	timeout_set(&turns, &t->timeout, mono_add_ms(clock_now(), TURN_MS));
}

void
turn_clear(struct turn *t)
{
	timeout_clear(&t->timeout);
}

void
turns_tick(struct mono now)
{
	timeoutq_run(&turns, now);
}

struct mono
turns_next(struct mono until)
{
	return timeoutq_next(&turns, until);
}
