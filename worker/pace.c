/* Sending no faster than is said. */
#include "worker/pace.h"

#include "worker/conn.h"
#include "worker/serve/limit.h"

/* Of the requests whose answers are in c's output, oldest first: NULL at the
 * end. The current one, which is the last, may still be adding to it. */
static const struct request *
next_of(const struct conn *c, const struct request *r)
{
	if (r == c->http1.current)
		return NULL;
	return r->next != NULL ? r->next : c->http1.current;
}

static const struct request *
first_of(const struct conn *c)
{
	return c->http1.answered != NULL ? c->http1.answered :
	    c->http1.current;
}

/* What is in the output leaves together, so the limits of all hold. */
bool
pace_begin(struct conn *c, size_t *held)
{
	const struct request *r;
	size_t most = SIZE_MAX, one;

	for (r = first_of(c); r != NULL; r = next_of(c, r)) {
		one = limit_may_send(r);
		if (one < most)
			most = one;
	}
	*held = 0;
	c->paced = most == 0;
	if (c->paced)
		return false;
	if (c->span.n > most) {
		*held = c->span.n - most;
		c->span.n = most;
	}
	return true;
}

/* Each is charged for its own bytes. */
void
pace_end(struct conn *c, size_t held, size_t n)
{
	const struct request *r;
	uint64_t from = c->sent, end = from + n, to;

	c->span.n += held;
	for (r = first_of(c); r != NULL && from < end; r = next_of(c, r)) {
		to = r == c->http1.current || r->end_at > end ? end :
		    r->end_at;
		limit_sent(r, (size_t)(to - from));
		from = to;
	}
}
