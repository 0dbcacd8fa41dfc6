/*
 * From a response and its source to bytes and spans (RFC 9112 sections 6-7).
 */
#include "worker/http1_reply.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/scoreboard.h"
#include "worker/bufpool.h"
#include "worker/conn.h"
#include "worker/http1_body.h"
#include "worker/http1_head.h"
#include "worker/score.h"
#include "worker/serve/serve.h"

#define COPY_MAX	8192	/* bodies up to this are copied into out */

/* RFC 9110 sections 6.4.1 and 15: these never have a body. */
static bool
never_has_body(int status)
{
	return status == 204 || status == 304 || (status >= 100 &&
	    status < 200);
}

/* RFC 9112 section 9.3, and our own reasons to end a connection. A body that
 * has not ended when the head of its answer is written is not read on. A client
 * that was to wait for a 100 which never came may send its body or not (RFC
 * 9110 section 10.1.1): nobody could tell what follows. */
static bool
persists(const struct conn *c, const struct request *r)
{
	return r->framing.keepalive && !r->response.close &&
	    !c->http1.closing && !c->worker->draining &&
	    c->http1.nrequests < c->worker->conf->limits.keepalive_requests &&
	    !http1_body_is_open(c) && !r->framing.expect_continue;
}

static void
decide_framing(struct conn *c, struct request *r, struct http1_framing *f)
{
	struct response *res = &r->response;
	bool bodyless = never_has_body(res->status);

	if (r->head->method == HTTP_HEAD || bodyless)
		res->head_only = true;
	f->has_length = res->length >= 0 && !bodyless;
	f->length = f->has_length ? (uint64_t)res->length : 0;
	f->chunked = res->length < 0 && !bodyless &&
	    r->head->version_minor >= 1;
	if (res->length < 0 && !bodyless && !f->chunked && !res->head_only)
		res->close = true;	/* the end of the connection ends it */
	f->close = !persists(c, r);
	f->keepalive_ms = c->worker->conf->limits.keepalive_ms;
	r->chunked = f->chunked && !res->head_only;
	c->http1.closing = f->close;
	c->http1.until_close = res->length < 0 && !r->chunked &&
	    !res->head_only;
}

/* A message that a script framed: whatever it said of its end and of the
 * connection, the end of that is the end of both. */
static int
put_raw_head(struct conn *c, struct request *r)
{
	struct response *res = &r->response;
	struct http1_framing framing = { 0 };

	res->close = true;
	decide_framing(c, r, &framing);
	r->chunked = false;
	c->http1.until_close = res->length < 0 && !res->head_only;
	return buf_put_str(&c->out, res->raw);
}

static int
put_head(struct conn *c, struct request *r)
{
	struct response *res = &r->response;
	struct http1_framing framing = { 0 };

	if (res->raw.n > 0)
		return put_raw_head(c, r);
	serve_answer(r);
	if (res->source == NULL && res->length < 0)
		res->length = 0;
	decide_framing(c, r, &framing);
	return http1_head_write(r, &framing, &c->out);
}

static enum http1_reply_result
write_head(struct conn *c, struct request *r)
{
	size_t before = buf_len(&c->out);

	if (conn_out_room(c) == 0)
		return HTTP1_REPLY_NONE;
	bufpool_lend(&c->out);
	/* More answers follow: room for all, before they are copied about. */
	if (buf_len(&c->in) > 0 && buf_reserve(&c->out,
	    CONN_OUT_MAX - buf_len(&c->out)) == -1)
		return HTTP1_REPLY_FAILED;
	if (put_head(c, r) == -1)
		return HTTP1_REPLY_FAILED;
	conn_queued(c, buf_len(&c->out) - before);
	r->body_at = c->queued;
	r->head_written = true;
	score_phase(r, SCORE_SENDING);
	return HTTP1_REPLY_MOVED;
}

static int
put(struct conn *c, const void *p, size_t n)
{
	if (buf_put(&c->out, p, n) == -1)
		return -1;
	conn_queued(c, n);
	return 0;
}

/* Small spans travel with the head: one write for all. */
static int
copy_span(struct conn *c, const struct span *span)
{
	size_t done = 0;

	if (span->p != NULL)
		return put(c, span->p, span->n);
	if (buf_reserve(&c->out, span->n) == -1)
		return -1;
	while (done < span->n) {
		ssize_t n = pread(span->fd, buf_tail(&c->out) + done,
		    span->n - done, span->off + (off_t)done);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {		/* it shrank: never pad */
			conn_file_failed(c, n == -1 ? errno : 0);
			return -1;
		}
		done += (size_t)n;
	}
	buf_added(&c->out, done);
	conn_queued(c, done);
	return 0;
}

/* RFC 9112 section 7.1: the data's CRLF of the chunk before comes first. */
static int
put_chunk_line(struct conn *c, struct request *r, size_t n)
{
	char line[24];
	int len = snprintf(line, sizeof(line), "%s%zx\r\n",
	    r->in_chunk ? "\r\n" : "", n);

	r->in_chunk = n > 0;
	if (put(c, line, (size_t)len) == -1)
		return -1;
	return n > 0 ? 0 : put(c, "\r\n", 2);
}

static enum http1_reply_result
queue_span(struct conn *c, struct request *r, struct span *span)
{
	if (r->response.length >= 0 &&
	    span->n > (uint64_t)r->response.length - r->body_sent)
		span->n = (size_t)((uint64_t)r->response.length -
		    r->body_sent);
	if (span->n == 0)
		return HTTP1_REPLY_MOVED;
	if (r->chunked && put_chunk_line(c, r, span->n) == -1)
		return HTTP1_REPLY_FAILED;
	r->body_sent += span->n;
	if (span->n > COPY_MAX)
		conn_set_span(c, span);
	else if (copy_span(c, span) == -1)
		return HTTP1_REPLY_FAILED;
	return HTTP1_REPLY_MOVED;
}

static enum http1_reply_result
end_body(struct conn *c, struct request *r)
{
	if (r->response.length >= 0 &&
	    r->body_sent < (uint64_t)r->response.length)
		return HTTP1_REPLY_FAILED;	/* the client sees it cut
						 * short */
	if (r->chunked && put_chunk_line(c, r, 0) == -1)
		return HTTP1_REPLY_FAILED;
	return HTTP1_REPLY_DONE;
}

/* A body that must not be sent is made all the same: a script runs to its end
 * and writes into nothing. */
static enum http1_reply_result
drop_body(struct request *r)
{
	struct source *source = r->response.source;
	struct span span;

	while (source != NULL) {
		switch (source->ops->next(source, &span)) {
		case SOURCE_MORE:
			break;
		case SOURCE_WAIT:
			return HTTP1_REPLY_NONE;
		default:
			return HTTP1_REPLY_DONE;
		}
	}
	return HTTP1_REPLY_DONE;
}

static enum http1_reply_result
put_body(struct conn *c, struct request *r)
{
	struct response *res = &r->response;
	struct span span = { 0 };

	if (res->head_only)
		return drop_body(r);
	if (res->source == NULL || (res->length >= 0 &&
	    r->body_sent == (uint64_t)res->length))
		return end_body(c, r);
	if (conn_out_room(c) < COPY_MAX + 64)
		return HTTP1_REPLY_NONE;
	switch (res->source->ops->next(res->source, &span)) {
	case SOURCE_MORE:
		return queue_span(c, r, &span);
	case SOURCE_WAIT:
		return HTTP1_REPLY_NONE;
	case SOURCE_END:
		return end_body(c, r);
	default:
		return HTTP1_REPLY_FAILED;
	}
}

enum http1_reply_result
http1_reply(struct conn *c, struct request *r)
{
	if (r->response.status == 0)
		return HTTP1_REPLY_NONE;
	if (r->response.drop)
		return HTTP1_REPLY_FAILED;
	if (!r->head_written)
		return write_head(c, r);
	return put_body(c, r);
}

void
http1_continue(struct conn *c, struct request *r)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (!r->framing.expect_continue || r->phase != PHASE_HANDLER ||
	    r->response.status != 0)
		return;
	r->framing.expect_continue = false;
	if (buf_len(&c->in) > 0)
		return;			/* it did not wait */
	if (put(c, text, sizeof(text) - 1) == -1)
		c->failed = true;
}
