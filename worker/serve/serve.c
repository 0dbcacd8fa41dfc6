/*
 * The way of a request from its location to its answer.
 */
#include "worker/serve/serve.h"

#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/access.h"
#include "worker/serve/client_cert.h"
#include "worker/serve/error.h"
#include "worker/serve/error_file.h"
#include "worker/serve/limit.h"
#include "worker/serve/redirect.h"
#include "worker/serve/route.h"

#define REROUTES_MAX	4	/* of one request */

/* --- the gates --- */

static bool
same_certificate(const struct conf_server *a, const struct conf_server *b)
{
	return strcmp(a->certs[0].certificate, b->certs[0].certificate) == 0;
}

/*
 * RFC 9110 7.4: over a connection that was secured for one name nothing is
 * served that another certificate stands for. A client that named no server in
 * its handshake has seen what there was to see.
 */
static int
gate_certificate(struct request *r)
{
	const struct conf_server *shown = r->client->tls_server;

	if (shown == NULL || shown == r->server || r->server->ncerts == 0)
		return 0;
	return same_certificate(shown, r->server) ? 0 : 421;
}

/* What another place says, unless it was overruled: a server's own word is, by
 * its locations. */
static const struct conf_answer *
answer_of_place(const struct request *r, size_t i)
{
	const struct conf_location *l = r->place[i];

	return l == NULL || l->match == CONF_MATCH_ALL ? NULL : &l->answer;
}

static int
gate_refuse(struct request *r)
{
	int status = r->location->answer.refuse;

	for (size_t i = 0; status == 0 && i < REQUEST_PLACES; i++)
		if (answer_of_place(r, i) != NULL)
			status = answer_of_place(r, i)->refuse;
	r->response.drop = status == CONF_REFUSE_CLOSE;
	return status;
}

/* Other places', too: a password that is asked for there is not to be sent in
 * clear. */
static int
gate_https(struct request *r)
{
	const struct conf_answer *a = &r->location->answer;

	if (r->client->https)
		return 0;
	for (size_t i = 0; !a->https && i < REQUEST_PLACES; i++)
		if (answer_of_place(r, i) != NULL)
			a = answer_of_place(r, i);
	return a->https ? redirect_to_tls(r, a->https_port) : 0;
}

static int
gate_body(struct request *r)
{
	return r->framing.length > r->location->max_body ? 413 : 0;
}

/* In this order. */
static int (*const gates[])(struct request *r) = {
	gate_certificate,
	client_cert_gate_asked,
	gate_refuse,
	gate_https,
	limit_gate,
	client_cert_gate,
	access_gate_first,
	access_gate_second,
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
	res->type = res->why = NULL;
	res->lines = res->raw = (struct str){ NULL, 0 };
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

/* Does another page answer for what is not there? Not for one that does so
 * already. */
static bool
falls_back(struct request *r)
{
	const char *to = r->location->answer.fallback;

	if (to == NULL || r->fell_back || (r->head->method != HTTP_GET &&
	    r->head->method != HTTP_HEAD))
		return false;
	r->fell_back = true;
	r->path = str_from(to);
	return true;
}

static int
start_handler(struct request *r)
{
	int status;

	r->phase = PHASE_HANDLER;
	status = r->handler->start(r);
	if (status != 0)
		give_up_answer(r);
	return status == 404 && falls_back(r) ? HANDLER_REROUTE : status;
}

/* r->path was changed: its location decides. */
static int
reroute(struct request *r)
{
	struct response *res = &r->response;

	r->phase = PHASE_GATES;
	r->gate = 0;
	res->status = res->retry_after = 0;
	res->allow = res->location = res->why = NULL;
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

void
serve_start(struct request *r, const struct conf_listen *l)
{
	r->phase = PHASE_GATES;
	if (l->tls && !r->client->tls) {
		r->response.close = true;
		go_on(r, redirect_to_tls(r,
		    net_addr_port(&r->client->local)));
	} else {
		go_on(r, route_request(r, l));
	}
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
	if (lacks_page(&r->response) && !error_file(r))
		error_page(r);
}
