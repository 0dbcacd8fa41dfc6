/*
 * Request bodies: counted and chunked (RFC 9112 section 6).
 */
#include "worker/http1_body.h"

#include "common/conf.h"
#include "worker/conn.h"
#include "worker/http/chunk.h"
#include "worker/http/request.h"

/* As much of a body nobody wants is read to keep the connection, the lines of
 * chunks included. */
#define DISCARD_MAX	65536

void
http1_body_begin(struct request *r)
{
	r->body_chunked = r->framing.chunked;
	r->body_left = r->framing.chunked ? 0 : r->framing.length;
	r->body_open = r->framing.chunked || r->framing.length > 0;
	r->body_complete = !r->body_open;
}

bool
http1_body_is_open(const struct conn *c)
{
	const struct request *r = c->http1.current;

	return r != NULL && r->body_open;
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
	const struct request *r = c->http1.current;

	return http1_body_is_open(c) && (r->body_chunked ? r->body_taken :
	    r->body_left) > DISCARD_MAX;
}

/* A form may have had a password in it. */
static void
close_body(struct conn *c)
{
	c->http1.current->body_open = false;
	buf_wipe_rest(&c->in);
}

void
http1_body_abandon(struct conn *c)
{
	if (http1_body_is_open(c))
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
	struct request *r = c->http1.current;
	size_t n = buf_len(&c->in);
	int status;

	if (n > r->body_left)
		n = (size_t)r->body_left;
	status = deliver(c, buf_head(&c->in), n);
	buf_take(&c->in, n);
	r->body_left -= n;
	if (status == 0 && r->body_left == 0)
		status = complete(c);
	return status;
}

static int
take_chunked(struct conn *c)
{
	struct request *r = c->http1.current;
	enum chunk_result result;
	size_t used, n;
	const char *data;
	int status = 0;

	while (status == 0 && r->body_open && buf_len(&c->in) > 0) {
		result = chunk_decode(&r->chunks, buf_head(&c->in),
		    buf_len(&c->in), &used, &data, &n);
		if (result == CHUNK_BAD)
			return 400;
		if (result == CHUNK_DATA)
			status = deliver(c, data, n);
		buf_take(&c->in, used);
		r->body_taken += used;
		if (result == CHUNK_END)
			status = complete(c);
	}
	return status;
}

bool
http1_body_take(struct conn *c, int *status)
{
	*status = 0;
	if (!http1_body_is_open(c) || buf_len(&c->in) == 0 ||
	    http1_body_is_stopped(c))
		return false;
	*status = c->http1.current->body_chunked ? take_chunked(c) :
	    take_counted(c);
	return true;
}
