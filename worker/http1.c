/*
 * HTTP/1.x: requests out of a connection's input, responses into its output.
 *
 * One request is current; up to 16 are answered ahead while their responses
 * fit into out. A span (a large body) or a script ends such a batch.
 */
#include "worker/http1.h"

#include <assert.h>
#include <string.h>

#include "common/conf.h"
#include "common/scoreboard.h"
#include "worker/accesslog.h"
#include "worker/client.h"
#include "worker/conn.h"
#include "worker/crowd.h"
#include "worker/http1_body.h"
#include "worker/http1_queue.h"
#include "worker/http1_reply.h"
#include "worker/score.h"
#include "worker/serve/serve.h"
#include "worker/worker.h"

#define ANSWERED_MAX	16
#define BEGIN_ROOM	10240	/* of out, for a new request to begin: a head
				 * and a body that is copied */
#define BAD_LINE_MAX	200	/* bytes of a bad request that are logged */

/* --- a request begins --- */

static void
wake(struct request *r)
{
	conn_run(r->protocol);
}

static struct request *
new_request(struct conn *c)
{
	struct request *r = request_new();

	if (r == NULL) {
		c->failed = true;
		return NULL;
	}
	r->conf = c->worker->conf;
	r->client = &c->client;
	r->started = clock_wall();
	r->wake = wake;
	r->protocol = c;
	return r;
}

static void
move(struct str *s, const char *from, const char *to)
{
	s->p = to + (s->p - from);
}

/* The head leaves the connection's input for the request's arena; its slices
 * move along. */
static int
take_head(struct conn *c, struct request *r, size_t n)
{
	const char *from = buf_head(&c->in);
	const char *to = arena_strdup(&r->arena, (struct str){ from, n });
	struct http_head *head = r->head;

	if (to == NULL)
		return -1;
	move(&head->method_name, from, to);
	move(&head->target, from, to);
	for (size_t i = 0; i < head->nfields; i++) {
		move(&head->field[i].name, from, to);
		move(&head->field[i].value, from, to);
	}
	buf_take(&c->in, n);
	c->http1.scanned = 0;
	/* A password stays nowhere when it has been used. */
	r->secret = http_field(head, FIELD_AUTHORIZATION) != NULL;
	if (r->secret)
		buf_wipe_rest(&c->in);
	return 0;
}

/* From the head alone: 0, or the status to fail with. */
static int
read_head(struct request *r, const struct conf_listen *listen)
{
	int status = http_framing(r->head, &r->framing);

	if (status == 0)
		status = http_target(r->head, &r->target);
	/* RFC 9110 7.4: what is asked for by https must come by TLS. */
	if (status == 0 && r->target.https && !listen->tls &&
	    !r->client->https)
		status = 421;
	return status;
}

static void
begin(struct conn *c, struct request *r, size_t used)
{
	struct http1 *h = &c->http1;
	int status;

	if (take_head(c, r, used) == -1) {
		request_free(r);
		c->failed = true;
		return;
	}
	c->state = CONN_BUSY;
	h->current = r;
	h->nrequests++;
	r->location = &c->listener->conf->fallback->base;
	status = c->forwarder == NULL ? 0 : client_of_request(c, r);
	score_begin(r);
	if (status == 0)
		status = read_head(r, c->listener->conf);
	if (status == 0) {
		http1_body_begin(r);
		if (c->forwarder == NULL || crowd_enter_request(r))
			serve_start(r, c->listener->conf);
		else
			serve_fail(r, 503);
		http1_continue(c, r);
	} else {
		r->response.close = true;
		serve_fail(r, status);
	}
	score_phase(r, r->response.status != 0 ? SCORE_SENDING :
	    r->body_complete ? SCORE_SCRIPT : SCORE_BODY);
}

/* A request that could not be read: what there is of its line is logged. */
static void
begin_bad(struct conn *c, struct request *r, int status)
{
	struct str line = buf_str(&c->in);
	size_t n = 0;

	if (str_starts(line, STR("\r\n")))
		line = (struct str){ line.p + 2, line.n - 2 };
	while (n < line.n && n < BAD_LINE_MAX && line.p[n] != '\r' &&
	    line.p[n] != '\n')
		n++;
	line.p = arena_strdup(&r->arena, (struct str){ line.p, n });
	line.n = line.p == NULL ? 0 : n;
	r->head->method = str_starts(line, STR("HEAD ")) ? HTTP_HEAD :
	    HTTP_METHOD_NONE;
	r->head->method_name = line;
	r->head->target = (struct str){ "", 0 };
	r->head->nfields = 0;
	memset(r->head->first, 0, sizeof(r->head->first));
	r->location = &c->listener->conf->fallback->base;
	r->body_complete = true;
	r->response.close = true;
	c->http1.current = r;
	c->http1.nrequests++;
	c->state = CONN_BUSY;
	score_begin(r);
	serve_fail(r, status);
}

static bool
may_begin(struct conn *c)
{
	struct http1 *h = &c->http1;

	h->log_full = false;
	if (h->closing || h->nanswered >= ANSWERED_MAX ||
	    buf_len(&c->in) == 0 || conn_out_room(c) < BEGIN_ROOM)
		return false;
	h->log_full = accesslog_is_full();
	return !h->log_full;
}

static bool
begin_next(struct conn *c)
{
	const struct conf_limits *limits = &c->worker->conf->limits;
	struct http_parse_limits parse = { limits->header_size,
	    limits->fields };
	struct request *r;
	size_t used;
	int status;

	if (!may_begin(c))
		return false;
	r = new_request(c);
	if (r == NULL)
		return false;
	switch (http_parse(buf_head(&c->in), buf_len(&c->in), &parse,
	    &c->http1.scanned, r->head, &used, &status)) {
	case HTTP_PARSE_COMPLETE:
		begin(c, r, used);
		return true;
	case HTTP_PARSE_BAD:
		begin_bad(c, r, status);
		return true;
	default:
		request_free(r);
		return false;
	}
}

/* --- a request goes on and ends --- */

void
http1_fail(struct conn *c, int status)
{
	struct http1 *h = &c->http1;
	struct request *r = h->current;
	bool answered = h->closing || h->answered != NULL;

	http1_body_abandon(c);
	if (r != NULL && r->head_written) {
		c->cut = true;
		return;
	}
	if (r != NULL) {
		if (r->response.status != 0)	/* it was of another answer */
			r->response.location = r->response.allow = NULL;
		r->response.close = true;
		serve_fail(r, status);
		return;
	}
	if (answered) {			/* nobody asked for one more */
		h->closing = c->flush_then_close = true;
		return;
	}
	r = new_request(c);
	if (r != NULL)
		begin_bad(c, r, status);
}

/*
 * The answer waits for the end of a body that nobody takes, for a short one:
 * when that body turns out to be malformed the answer is 400, however it was
 * cut into pieces, and no answer overtakes its own request, which is how a
 * proxy in front of us loses step.
 */
static bool
body_comes_first(const struct conn *c, const struct request *r)
{
	return http1_body_is_open(c) && !http1_body_is_long(c) &&
	    r->sink == NULL && r->response.status != 0 && !r->head_written &&
	    !r->response.close && !r->framing.expect_continue;
}

/* A fault in a body is a fault of the request, but where the answer did not
 * wait for it: nothing is read behind it then. */
static bool
take_body(struct conn *c)
{
	struct request *r = c->http1.current;
	int status;
	bool moved = http1_body_take(c, &status);

	if (status == 0 && c->eof && http1_body_is_open(c) &&
	    buf_len(&c->in) == 0)
		status = 400;		/* it will never be complete */
	if (status == 0)
		return moved;
	if (r->sink != NULL || r->response.status == 0 ||
	    body_comes_first(c, r)) {
		http1_fail(c, status);
	} else {
		r->response.close = true;
		http1_body_abandon(c);
	}
	return moved;
}

/* The response is queued whole. What is left of the request's body is given
 * up with the connection. */
static void
finish(struct conn *c)
{
	struct http1 *h = &c->http1;
	struct request *r = h->current;

	r->end_at = c->queued;
	/* A source may have found a reason since the head was written. */
	h->closing = h->closing || r->response.close;
	if (h->closing) {
		/* Old clients send a line end behind a body. */
		h->client_closes = !r->framing.keepalive && r->body_complete &&
		    r->body_received == 0;
		http1_body_abandon(c);
		c->flush_then_close = true;
	}
	assert(!r->body_open);
	h->current = NULL;
	http1_queue_push(c, r);
}

/* Does the current request wait before its handler? Its body does, too. */
static bool
waits_at_gate(struct conn *c)
{
	struct request *r = c->http1.current;

	if (r == NULL || r->phase != PHASE_GATES)
		return false;
	serve_continue(r);
	if (r->phase == PHASE_GATES)
		return true;
	http1_continue(c, r);
	return false;
}

static bool
advance(struct conn *c)
{
	struct http1 *h = &c->http1;
	bool moved;

	if (c->failed || c->cut || waits_at_gate(c))
		return false;
	moved = http1_body_is_open(c) && take_body(c);
	if (h->current == NULL)
		return begin_next(c) || moved;
	if (body_comes_first(c, h->current))
		return moved;
	switch (http1_reply(c, h->current)) {
	case HTTP1_REPLY_MOVED:
		return true;
	case HTTP1_REPLY_DONE:
		finish(c);
		return true;
	case HTTP1_REPLY_FAILED:
		c->cut = true;
		return false;
	default:
		return moved;
	}
}

/* Is the client to send more of a body? One whose answer has begun only to
 * whoever still takes it. */
static bool
wants_body(const struct conn *c)
{
	const struct http1 *h = &c->http1;
	const struct request *r = h->current;

	if (!http1_body_is_open(c) || buf_len(&c->in) > 0)
		return false;
	if (r->sink == NULL)
		return !h->closing && r->phase != PHASE_GATES;
	return !http1_body_is_stopped(c);
}

static void
set_state(struct conn *c)
{
	struct http1 *h = &c->http1;

	h->at_gate = h->current != NULL && h->current->phase == PHASE_GATES;
	h->body_wanted = wants_body(c);
	if (h->current != NULL || h->answered != NULL || h->closing)
		c->state = CONN_BUSY;
	else if (h->nrequests == 0 || buf_len(&c->in) > 0)
		c->state = CONN_READING;
	else
		c->state = CONN_IDLE;
}

bool
http1_step(struct conn *c)
{
	bool moved = false;

	while (advance(c))
		moved = true;
	set_state(c);
	return moved;
}
