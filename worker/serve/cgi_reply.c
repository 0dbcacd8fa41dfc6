/*
 * cgi_reply: from what a script writes to the body of the response.
 *
 * cgi_head gathers the header block until it is complete; from then on the pipe
 * is read only when the protocol asks for bytes, so a slow client blocks its
 * script and nothing piles up in between.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/loop.h"

#define GRACE_MS	250	/* of silence, when only a grandchild is left */
#define DISCARDS_MAX	8	/* reads in a row for nobody */

static void	on_stdout(void *arg, enum loop_events ready);

/* The descriptor is known to the loop since the start, so this cannot fail. */
static void
watch_output(struct cgi_script *s, bool on)
{
	if (s->watching == on || s->out == -1)
		return;
	s->watching = on;
	(void)loop_watch(cgi_worker.loop, s->out, on ? LOOP_READ : LOOP_NONE,
	    on_stdout, s);
}

ssize_t
cgi_reply_fill(struct cgi_script *s)
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
	if (s->state == CGI_SENDING && timeout_is_set(&s->limit))
		timeout_set(&cgi_worker.limits, &s->limit, s->total_at);
	return n;
}

void
cgi_reply_limit(struct cgi_script *s)
{
	struct mono first;

	first = mono_add_ms(clock_now(), s->conf->first_byte_ms);
	timeout_set(&cgi_worker.limits, &s->limit,
	    mono_before(s->total_at, first) ? s->total_at : first);
}

/*
 * Silence ends it: soon, when only a process that the leader left behind holds
 * the pipe; else, once there is a header, after as long as the header had. A
 * script whose client is slow is not waited for.
 */
void
cgi_reply_await(struct cgi_script *s)
{
	watch_output(s, true);
	if (s->exited)
		timeout_set(&cgi_worker.graces, &s->grace,
		    mono_add_ms(clock_now(), GRACE_MS));
	else if (s->state == CGI_SENDING && s->pid != 0)
		cgi_reply_limit(s);
}

void
cgi_reply_overflow(struct cgi_script *s)
{
	if (s->overflow)
		return;
	log_error("script %s: more output than its Content-Length", s->name);
	s->bad = s->overflow = true;
	/* Nor is the connection trusted to it any longer. */
	if (s->request != NULL)
		s->request->response.close = true;
}

/* The response was complete; what comes now is for nobody. */
static void
drop(struct cgi_script *s)
{
	s->fill = 0;
	if (cgi_reply_fill(s) > 0 && s->has_length && !s->discard)
		cgi_reply_overflow(s);
}

static void
on_stdout(void *arg, enum loop_events ready)
{
	struct cgi_script *s = arg;

	(void)ready;
	assert(s->magic == CGI_MAGIC);
	switch (s->state) {
	case CGI_HEAD:
		cgi_head_read(s);
		break;
	case CGI_SENDING:
		if (!s->waiting) {
			watch_output(s, false);
			break;
		}
		s->waiting = false;
		request_wake(s->request);
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
	log_error("script %s: its output ended %llu bytes before its "
	    "Content-Length", s->name, (unsigned long long)s->remaining);
	s->bad = true;
	return SOURCE_FAIL;
}

static enum source_result
hand_out(struct cgi_script *s, struct span *span)
{
	size_t n;

	n = s->fill - s->off;
	if (s->has_length && n > s->remaining) {
		cgi_reply_overflow(s);
		n = (size_t)s->remaining;
	}
	*span = (struct span){ .p = s->buf + s->off, .n = n };
	s->remaining -= s->has_length ? n : 0;
	s->off = s->fill;
	return SOURCE_MORE;
}

static enum source_result
reply_next(struct source *source, struct span *span)
{
	struct cgi_script *s = cgi_script_of_source(source);
	int i;

	for (i = 0; i < DISCARDS_MAX; i++) {
		if (s->cut || cgi_reply_is_satisfied(s))
			return end_of_body(s);
		if (s->off < s->fill && !s->discard)
			return hand_out(s, span);
		if (s->out == -1)
			return end_of_body(s);
		s->off = s->fill = 0;
		if (cgi_reply_fill(s) == -1)
			break;
	}
	if (s->out == -1)
		return end_of_body(s);
	s->waiting = true;
	cgi_reply_await(s);
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

/* --- what time does to it --- */

void
cgi_reply_exited(struct cgi_script *s)
{
	if (s->state == CGI_HEAD || s->waiting)
		cgi_reply_await(s);
}

void
cgi_reply_grace(struct timeout *t)
{
	struct cgi_script *s = cgi_script_of_grace(t);
	struct pollfd p = { .fd = s->out, .events = POLLIN };

	/* What came this very moment is delivered by the loop. */
	if (poll(&p, 1, 0) != 0) {
		cgi_reply_await(s);
		return;
	}
	cgi_script_close_out(s);
	s->complete = true;
	cgi_session_finish(s);
	if (s->state == CGI_HEAD) {
		cgi_head_fail(s, "it ended before its blank line");
	} else if (s->waiting) {
		s->waiting = false;
		request_wake(s->request);
	}
}

void
cgi_reply_timeout(struct cgi_script *s)
{
	struct request *r = s->request;
	bool waiting = s->waiting;

	s->bad = true;
	if (s->state == CGI_HEAD) {
		log_error("script %s: no header within %lld ms", s->name,
		    (long long)s->conf->first_byte_ms);
		cgi_script_fail(s, 504);
		return;
	}
	if (mono_before(clock_now(), s->total_at))
		log_error("script %s: silent for %lld ms, its output is cut "
		    "off", s->name, (long long)s->conf->first_byte_ms);
	else
		log_error("script %s: not done within %lld ms, its output is "
		    "cut off", s->name, (long long)s->conf->total_ms);
	s->cut = true;
	s->waiting = false;
	cgi_session_end(s);
	if (waiting)
		request_wake(r);
}
