/*
 * Request bodies: counted and chunked (RFC 9112 section 6).
 */
#include "worker/http1_body.h"

#include "common/conf.h"
#include "worker/conn.h"
#include "worker/http/chunk.h"

/* As much of a body nobody wants is read to keep the connection, the lines of
 * chunks included. */
#define DISCARD_MAX	65536

void
http1_body_begin(struct conn *c, struct request *r)
{
	struct http1 *h = &c->http1;

	h->chunk = (struct chunk_decoder){ 0 };
	h->body_chunked = r->framing.chunked;
	h->body_left = r->framing.chunked ? 0 : r->framing.length;
	h->body_taken = 0;
	h->body_open = r->framing.chunked || r->framing.length > 0;
	r->body_complete = !h->body_open;
}

bool
http1_body_is_open(const struct conn *c)
{
	return c->http1.body_open;
}

bool
http1_body_is_stopped(const struct conn *c)
{
	const struct request *r = c->http1.current;

	return r != NULL && r->sink != NULL && r->sink->full;
}

bool
http1_body_is_long(const struct conn *c)
{
	const struct http1 *h = &c->http1;

	return h->body_open && (h->body_chunked ? h->body_taken :
	    h->body_left) > DISCARD_MAX;
}

/* A form may have had a password in it. */
static void
close_body(struct conn *c)
{
	c->http1.body_open = false;
	buf_wipe_rest(&c->in);
}

void
http1_body_abandon(struct conn *c)
{
	if (c->http1.body_open)
		close_body(c);
}

/* Gives n bytes to whoever wants them: 0, or the status to fail with. */
static int
deliver(struct conn *c, const char *p, size_t n)
{
	struct request *r = c->http1.current;

	r->body_received += n;
	if (r->sink == NULL)
		return 0;
	if (r->body_received > r->location->max_body)
		return 413;
	return r->sink->ops->put(r->sink, p, n);
}

static int
complete(struct conn *c)
{
	struct request *r = c->http1.current;

	close_body(c);
	r->body_complete = true;
	return r->sink == NULL ? 0 : r->sink->ops->end(r->sink);
}

static int
take_counted(struct conn *c)
{
	struct http1 *h = &c->http1;
	size_t n = buf_len(&c->in);
	int status;

	if (n > h->body_left)
		n = (size_t)h->body_left;
	status = deliver(c, buf_head(&c->in), n);
	buf_take(&c->in, n);
	h->body_left -= n;
	if (status == 0 && h->body_left == 0)
		status = complete(c);
	return status;
}

static int
take_chunked(struct conn *c)
{
	struct http1 *h = &c->http1;
	enum chunk_result result;
	size_t used, n;
	const char *data;
	int status = 0;

	while (status == 0 && h->body_open && buf_len(&c->in) > 0) {
		result = chunk_decode(&h->chunk, buf_head(&c->in),
		    buf_len(&c->in), &used, &data, &n);
		if (result == CHUNK_BAD)
			return 400;
		if (result == CHUNK_DATA)
			status = deliver(c, data, n);
		buf_take(&c->in, used);
		h->body_taken += used;
		if (result == CHUNK_END)
			status = complete(c);
	}
	return status;
}

bool
http1_body_take(struct conn *c, int *status)
{
	*status = 0;
	if (!c->http1.body_open || buf_len(&c->in) == 0 ||
	    http1_body_is_stopped(c))
		return false;
	*status = c->http1.body_chunked ? take_chunked(c) : take_counted(c);
	return true;
}
