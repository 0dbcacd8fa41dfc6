/*
 * The way of a request from its location to its answer.
 */
#include "worker/serve/serve.h"

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/access.h"
#include "worker/serve/error.h"
#include "worker/serve/route.h"

#define REROUTES_MAX	4	/* of one request */

/* --- the gates --- */

static int
gate_body(struct request *r)
{
	return r->framing.length > r->location->max_body ? 413 : 0;
}

/* In this order. */
static int (*const gates[])(struct request *r) = {
	access_gate_place,
	access_gate,
	gate_body,
};

#define NGATES	(sizeof(gates) / sizeof(gates[0]))

static int
pass_gates(struct request *r)
{
	int status;

	for (; r->gate < NGATES; r->gate++) {
		status = gates[r->gate](r);
		if (status != 0)
			return status;
	}
	return 0;
}

/* --- errors --- */

/* What cannot be read in one way only, or was not read to its end, ends the
 * connection. */
static bool
ends_connection(int status)
{
	switch (status) {
	case 400:
	case 408:
	case 413:
	case 414:
	case 417:
	case 431:
	case 500:
	case 505:
	case 507:
		return true;
	default:
		return false;
	}
}

static void
fail(struct request *r, int status)
{
	struct response *res = &r->response;

	if (ends_connection(status))
		res->close = true;
	if (status == 405 && res->allow == NULL)
		res->allow = ROUTE_METHODS;
	res->status = status;
	r->phase = PHASE_HANDLER;
}

/* Nothing is left of an answer that was begun and given up, but for what goes
 * with a status: Allow, Location, Retry-After. */
static void
give_up_answer(struct request *r)
{
	struct response *res = &r->response;

	if (res->source != NULL)
		res->source->ops->close(res->source);
	res->source = NULL;
	res->length = -1;
	res->type = NULL;
	res->etag = NULL;
	res->has_modified = false;
	res->head_only = false;
	buf_free(&res->fields);
}

void
serve_fail(struct request *r, int status)
{
	give_up_answer(r);
	fail(r, status);
}

/* --- on the way --- */

static int
start_handler(struct request *r)
{
	int status;

	r->phase = PHASE_HANDLER;
	status = r->handler->start(r);
	if (status != 0)
		give_up_answer(r);
	return status;
}

/* r->path was changed: its location decides. */
static int
reroute(struct request *r)
{
	struct response *res = &r->response;

	r->phase = PHASE_GATES;
	r->gate = 0;
	res->status = res->retry_after = 0;
	res->allow = res->location = NULL;
	return ++r->reroutes > REROUTES_MAX ? 500 : route_path(r);
}

/* From where r is, if status is 0, to where it has to wait or to its status. */
static void
go_on(struct request *r, int status)
{
	while (status == 0) {
		status = pass_gates(r);
		if (status == 0)
			status = start_handler(r);
		if (status != HANDLER_REROUTE)
			break;
		status = reroute(r);
	}
	if (status > 0)
		fail(r, status);
}

/* Plain HTTP where TLS is spoken: the same address by https. */
static int
redirect_to_tls(struct request *r)
{
	const struct http_target *t = &r->target;
	uint16_t port = net_addr_port(&r->client->local);

	if (t->host.n == 0 || t->path.p[0] != '/')
		return 400;
	r->response.close = true;
	r->response.location = arena_printf(&r->arena,
	    "https://%.*s:%u%.*s%s%.*s", (int)t->host.n, t->host.p, port,
	    (int)t->path.n, t->path.p, t->has_query ? "?" : "",
	    (int)t->query.n, t->query.p);
	return r->response.location == NULL ? 500 : 308;
}

void
serve_start(struct request *r, const struct conf_listen *l)
{
	r->phase = PHASE_GATES;
	if (l->tls && !r->client->tls)
		go_on(r, redirect_to_tls(r));
	else
		go_on(r, route_request(r, l));
}

void
serve_continue(struct request *r)
{
	if (r->phase == PHASE_GATES)
		go_on(r, 0);
}

void
serve_reroute(struct request *r)
{
	give_up_answer(r);
	if (r->sink != NULL)
		r->sink->ops->close(r->sink);
	r->sink = NULL;
	go_on(r, reroute(r));
}

/* --- the answer --- */

/* Redirects and errors that nobody gave a body. */
static bool
lacks_page(const struct response *res)
{
	return res->source == NULL && res->type == NULL &&
	    (res->status >= 400 || (res->status > 300 && res->status != 304));
}

void
serve_answer(struct request *r)
{
	if (r->phase == PHASE_ANSWER)
		return;
	r->phase = PHASE_ANSWER;
	if (lacks_page(&r->response))
		error_page(r);
}
