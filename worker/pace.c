/* Sending no faster than is said. */
#include "worker/pace.h"

#include "worker/conn.h"
#include "worker/serve/limit.h"

/* Whose bytes are next. Of several answers in a row it is the last, which is
 * the one that can be large. */
static const struct request *
request_of(const struct conn *c)
{
	return c->http1.current != NULL ? c->http1.current :
	    c->http1.answered_last;
}

bool
pace_begin(struct conn *c, size_t *held)
{
	const struct request *r = request_of(c);
	size_t most = r == NULL ? SIZE_MAX : limit_may_send(r);

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

void
pace_end(struct conn *c, size_t held, size_t n)
{
	const struct request *r = request_of(c);

	c->span.n += held;
	if (r != NULL)
		limit_sent(r, n);
}
