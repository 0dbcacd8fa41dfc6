/*
 * cgi_head: from the header block of a script to the head of the response, or
 * to another path of this server.
 *
 * Called by cgi_reply while the block is not complete.
 */
#include "worker/serve/cgi_script.h"

#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/http/uri.h"
#include "worker/serve/serve.h"

#define REDIRECTS_MAX	8	/* of one request, from script to script */

static bool
has_no_body(const struct request *r, int status)
{
	return r->head->method == HTTP_HEAD || status == 204 || status == 304;
}

static int
status_of_head(const struct cgi_output *out)
{
	if (out->status != 0)
		return out->status;
	return out->location.n > 0 ? 302 : 200;
}

/* 0, or -1 when memory is short. */
static int
fill_response(struct cgi_script *s, const struct cgi_output *out)
{
	struct request *r = s->request;
	struct response *response = &r->response;
	size_t i;

	if (out->type.n > 0) {
		response->type = arena_strdup(&r->arena, out->type);
		if (response->type == NULL)
			return -1;
	}
	if (out->location.n > 0) {
		response->location = arena_strdup(&r->arena, out->location);
		if (response->location == NULL)
			return -1;
	}
	for (i = 0; i < out->nfields; i++) {
		if (response_field(r, out->field[i].name,
		    out->field[i].value) == -1)
			return -1;
	}
	response->status = status_of_head(out);
	response->length = out->has_length ? (int64_t)out->length : -1;
	return 0;
}

/* RFC 3875 section 5: the script's own head, as it is. */
static int
pass_head(struct cgi_script *s, const struct cgi_output *out)
{
	struct request *r = s->request;
	const char *raw;

	raw = arena_strdup(&r->arena, (struct str){ s->buf, out->size });
	if (raw == NULL)
		return -1;
	r->response.raw = (struct str){ raw, out->size };
	r->response.status = out->status;
	r->response.length = out->has_length ? (int64_t)out->length : -1;
	return 0;
}

static void
start_sending(struct cgi_script *s, const struct cgi_output *out)
{
	struct request *r = s->request;

	if ((s->nph ? pass_head(s, out) : fill_response(s, out)) == -1) {
		cgi_script_fail(s, 503);
		return;
	}
	s->has_length = out->has_length;
	s->remaining = out->length;
	s->discard = has_no_body(r, r->response.status);
	r->response.head_only = r->response.head_only || s->discard;
	s->off = out->size;
	/* Found in time, it is a reason not to trust the connection to it. */
	if (s->has_length && !s->discard && s->fill - s->off > s->remaining)
		cgi_reply_overflow(s);
	s->state = CGI_SENDING;
	if (s->pid != 0)
		timeout_set(&cgi_worker.limits, &s->limit, s->total_at);
	else
		timeout_clear(&s->limit);
	request_wake(r);
}

/* --- another path of this server --- */

/* RFC 3875 6.2.2: a path and nothing else. With more the script has a client in
 * mind: that is a redirect for it. */
static bool
is_local_redirect(const struct cgi_output *out)
{
	return out->location.n > 0 && out->location.p[0] == '/' &&
	    out->status == 0 && out->type.n == 0 && !out->has_length &&
	    out->nfields == 0;
}

static bool
is_query(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '#')
			return false;
	}
	return true;
}

/* Makes location the target of r: 0, or the status to fail with. */
static int
set_target(struct request *r, struct str location)
{
	struct http_target *t = &r->target;
	const char *raw = arena_strdup(&r->arena, location);
	char *path = arena_alloc(&r->arena, location.n + 1);
	const char *query;
	int status;

	if (raw == NULL || path == NULL)
		return 503;
	query = memchr(raw, '?', location.n);
	t->path = (struct str){ raw, location.n };
	t->query = STR("");
	t->has_query = query != NULL;
	if (query != NULL) {
		t->path.n = (size_t)(query - raw);
		t->query.p = query + 1;
		t->query.n = location.n - t->path.n - 1;
	}
	status = 400;
	if (is_query(t->query))
		status = uri_path(t->path, path, &r->path.n);
	path[status == 0 ? r->path.n : 0] = '\0';
	r->path.p = path;
	return status;
}

/*
 * The answer is the one to a GET of that path, whatever it was that the script
 * was asked: its rules of access decide, and there is no body any more. A HEAD
 * stays one, for its client expects no body either.
 */
static void
redirect_locally(struct cgi_script *s, const struct cgi_output *out)
{
	struct request *r = s->request;
	int status;

	if (r->redirects == REDIRECTS_MAX) {
		cgi_verdict_bad(s, "one more Location on this server: a loop?",
		    STR(""));
		return;
	}
	status = set_target(r, out->location);
	if (status == 503) {
		cgi_script_fail(s, 503);
		return;
	}
	if (status != 0) {
		cgi_verdict_bad(s, "a Location that is no path", STR(""));
		return;
	}
	r->redirects++;
	r->reroutes = 0;
	r->fell_back = false;
	if (r->head->method != HTTP_HEAD)
		r->head->method = HTTP_GET;
	r->framing.chunked = r->framing.has_length = false;
	r->framing.length = 0;
	s->complete = true;	/* it may end by itself */
	serve_reroute(r);
	request_wake(r);
}

void
cgi_head_read(struct cgi_script *s)
{
	struct cgi_output out;
	enum cgi_output_result result;
	const char *why;
	ssize_t n;

	n = cgi_reply_fill(s);
	if (n == 0) {
		cgi_verdict_ended(s);
		return;
	}
	if (n == -1)
		return;
	result = s->nph ?
	    cgi_output_parse_whole(s->buf, s->fill, &s->scanned, &out, &why) :
	    cgi_output_parse(s->buf, s->fill, &s->scanned, &out, &why);
	if (result == CGI_OUTPUT_PARTIAL)
		cgi_time_await(s);
	else if (result != CGI_OUTPUT_COMPLETE)
		cgi_verdict_bad(s, why, out.wrong);
	else if (!s->nph && is_local_redirect(&out))
		redirect_locally(s, &out);
	else
		start_sending(s, &out);
}
