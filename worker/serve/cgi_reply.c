/*
 * cgi_reply: from what a script writes to the response.
 *
 * The header block is gathered until it is complete; from then on the pipe is
 * read only when the protocol asks for bytes, so a slow client blocks its
 * script and nothing piles up in between.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/loop.h"

#define DISCARDS_MAX	8	/* reads in a row for nobody */

static void	on_stdout(void *arg, enum loop_events ready);

/* The descriptor is known to the loop since the start, so this cannot fail. */
void
cgi_reply_watch(struct cgi_script *s, bool on)
{
	if (s->watching == on || s->out == -1)
		return;
	s->watching = on;
	(void)loop_watch(cgi_worker.loop, s->out, on ? LOOP_READ : LOOP_NONE,
	    on_stdout, s);
}

/*
 * Reads behind what is in the buffer: bytes, 0 at the end of all output, -1
 * when there is nothing now.
 */
static ssize_t
fill(struct cgi_script *s)
{
	ssize_t n;

	do {
		n = read(s->out, s->buf + s->fill, sizeof(s->buf) - s->fill);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return -1;
	if (n <= 0) {
		cgi_script_close_out(s);
		s->complete = true;
		return 0;
	}
	s->fill += (size_t)n;
	timeout_clear(&s->grace);
	return n;
}

static bool
has_no_body(const struct request *r, int status)
{
	return r->head->method == HTTP_HEAD || status == 204 || status == 304;
}

/*
 * RFC 3875 6.2.2 has a "/path" in Location served as if it had been asked
 * for. It is answered with a redirect to it instead, as for any other
 * Location: the client learns the address of what it sees, relative links in
 * it are right, and no script can reach what the access rules keep from its
 * client.
 */
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

/* A longer body would be read as the next response, so it is never sent. */
static void
note_overflow(struct cgi_script *s)
{
	if (s->overflow)
		return;
	cgi_script_log(s, LOG_LEVEL_ERROR,
	    "more output than its Content-Length");
	s->bad = s->overflow = true;
}

static void
start_sending(struct cgi_script *s, const struct cgi_output *out)
{
	struct request *r = s->request;

	if (fill_response(s, out) == -1) {
		cgi_script_fail(s, 503);
		return;
	}
	s->has_length = out->has_length;
	s->remaining = out->length;
	s->discard = has_no_body(r, r->response.status);
	r->response.head_only = r->response.head_only || s->discard;
	s->off = out->size;
	/* Found in time, it is a reason not to trust the connection to it. */
	if (s->has_length && !s->discard && s->fill - s->off > s->remaining) {
		note_overflow(s);
		r->response.close = true;
	}
	s->state = CGI_SENDING;
	if (s->pid != 0)
		timeout_set(&cgi_worker.limits, &s->limit, s->total_at);
	else
		timeout_clear(&s->limit);
	request_wake(r);
}

static void
read_head(struct cgi_script *s)
{
	struct cgi_output out;
	const char *why;
	ssize_t n;

	n = fill(s);
	if (n == 0) {
		cgi_verdict_ended(s);
		return;
	}
	if (n == -1)
		return;
	switch (cgi_output_parse(s->buf, s->fill, &s->scanned, &out, &why)) {
	case CGI_OUTPUT_COMPLETE:
		start_sending(s, &out);
		break;
	case CGI_OUTPUT_BAD:
		cgi_verdict_bad(s, why, out.wrong);
		break;
	case CGI_OUTPUT_PARTIAL:
	case CGI_OUTPUT_NONE:
		cgi_time_await(s);
		break;
	}
}

/* The response was complete; what comes now is for nobody. */
static void
drop(struct cgi_script *s)
{
	s->fill = 0;
	if (fill(s) > 0 && s->has_length && !s->discard)
		note_overflow(s);
}

static void
on_stdout(void *arg, enum loop_events ready)
{
	struct cgi_script *s = arg;

	(void)ready;
	assert(s->magic == CGI_MAGIC);
	switch (s->state) {
	case CGI_HEAD:
		read_head(s);
		break;
	case CGI_SENDING:
		if (!s->waiting) {
			cgi_reply_watch(s, false);
			break;
		}
		cgi_time_wake(s);
		break;
	default:
		assert(s->state == CGI_LINGER);
		drop(s);
		break;
	}
}

int
cgi_reply_start(struct cgi_script *s)
{
	s->watching = true;
	return loop_watch(cgi_worker.loop, s->out, LOOP_READ, on_stdout, s);
}

/* --- the source --- */

bool
cgi_reply_is_satisfied(const struct cgi_script *s)
{
	return s->state == CGI_SENDING && s->has_length && !s->discard &&
	    s->remaining == 0;
}

/* No more bytes will be handed out: was that all? */
static enum source_result
end_of_body(struct cgi_script *s)
{
	if (s->cut)
		return SOURCE_FAIL;
	cgi_session_linger(s);
	if (!s->has_length || s->discard || s->remaining == 0)
		return SOURCE_END;
	cgi_script_log(s, LOG_LEVEL_ERROR, "its output ended %llu bytes before "
	    "its Content-Length", (unsigned long long)s->remaining);
	s->bad = true;
	return SOURCE_FAIL;
}

static enum source_result
hand_out(struct cgi_script *s, struct span *span)
{
	size_t n;

	n = s->fill - s->off;
	if (s->has_length && n > s->remaining) {
		note_overflow(s);
		n = (size_t)s->remaining;
	}
	*span = (struct span){ .p = s->buf + s->off, .n = n };
	s->remaining -= s->has_length ? n : 0;
	s->off = s->fill;
	return SOURCE_MORE;
}

/* Do the bytes at hand, if any, complete the answer? */
static bool
is_last(const struct cgi_script *s)
{
	size_t n = s->discard ? 0 : s->fill - s->off;

	return s->has_length && !s->discard ? n >= s->remaining :
	    n == 0 && s->out == -1;
}

/*
 * The line in the access log is written with the answer's last bytes. Where it
 * says what scripts took, these wait a moment for the exit.
 */
static bool
awaits_exit(struct cgi_script *s)
{
	if (!cgi_worker.reckon || s->reckoned || s->cut || s->pid == 0 ||
	    s->exited || !is_last(s))
		return false;
	cgi_reply_watch(s, false);
	s->waiting = true;
	cgi_time_await_exit(s);
	return true;
}

static enum source_result
reply_next(struct source *source, struct span *span)
{
	struct cgi_script *s = cgi_script_of_source(source);
	int i;

	for (i = 0; i < DISCARDS_MAX; i++) {
		if (awaits_exit(s))
			return SOURCE_WAIT;
		if (s->cut || cgi_reply_is_satisfied(s))
			return end_of_body(s);
		if (s->off < s->fill && !s->discard)
			return hand_out(s, span);
		if (s->out == -1)
			return end_of_body(s);
		s->off = s->fill = 0;
		if (fill(s) == -1)
			break;
	}
	if (s->out == -1)
		return awaits_exit(s) ? SOURCE_WAIT : end_of_body(s);
	s->waiting = true;
	cgi_time_await(s);
	return SOURCE_WAIT;
}

static void
reply_close(struct source *source)
{
	struct cgi_script *s = cgi_script_of_source(source);

	s->has_source = false;
	cgi_script_over(s);
}

const struct source_ops cgi_source_ops = { reply_next, reply_close };
