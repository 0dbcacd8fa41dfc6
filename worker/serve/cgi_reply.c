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
	return n;
}

void
cgi_reply_overflow(struct cgi_script *s)
{
	if (s->overflow)
		return;
	cgi_script_log(s, LOG_LEVEL_ERROR,
	    "more output than its Content-Length");
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
		cgi_reply_overflow(s);
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

	/* The loop, or a deadline, says when there is something. */
	if (s->waiting)
		return SOURCE_WAIT;
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
		if (cgi_reply_fill(s) == -1)
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
