/*
 * cgi_time: how long a script's answer is waited for, and what is done when
 * that was too long.
 *
 * Called by cgi_reply, which waits, and by cgi_session, which sees who exits.
 */
#include "worker/serve/cgi_script.h"

#include <poll.h>

#include "common/conf.h"
#include "common/proc.h"

#define GRACE_MS	250	/* of silence, when only a grandchild is left;
				 * from the end of the output to the exit */

void
cgi_time_wake(struct cgi_script *s)
{
	s->waiting = false;
	request_wake(s->request);
}

void
cgi_time_start(struct cgi_script *s)
{
	struct mono first;

	first = mono_add_ms(clock_now(), s->conf->first_byte_ms);
	timeout_set(&cgi_worker.limits, &s->limit,
	    mono_before(s->total_at, first) ? s->total_at : first);
}

/* When a body's time is up: in all, or without a word. */
static void
set_limit(struct cgi_script *s)
{
	bool soon = s->waiting && mono_before(s->silent_at, s->total_at);

	timeout_set(&cgi_worker.limits, &s->limit,
	    soon ? s->silent_at : s->total_at);
}

/*
 * Waits for output. Its process may be silent for as long as its header may
 * take; the timer is not renewed with every word, it is looked at when it
 * comes. A process that the leader left behind holds the pipe: silence ends
 * it.
 */
void
cgi_time_await(struct cgi_script *s)
{
	cgi_reply_watch(s, true);
	if (s->exited || s->ran) {
		timeout_set(&cgi_worker.graces, &s->grace,
		    mono_add_ms(clock_now(), GRACE_MS));
	} else if (s->state == CGI_SENDING && s->pid != 0) {
		s->silent_at = mono_add_ms(clock_now(),
		    s->conf->first_byte_ms);
		if (mono_before(s->silent_at, s->limit.at))
			set_limit(s);
	}
}

void
cgi_time_await_exit(struct cgi_script *s)
{
	if (!timeout_is_set(&s->grace))
		timeout_set(&cgi_worker.graces, &s->grace,
		    mono_add_ms(clock_now(), GRACE_MS));
}

void
cgi_time_exited(struct cgi_script *s)
{
	if (s->state == CGI_HEAD || s->waiting)
		cgi_time_await(s);
}

void
cgi_time_gone(struct cgi_script *s)
{
	if (s->headless)
		cgi_verdict_ended(s);
	else if (s->waiting)
		cgi_time_wake(s);
}

void
cgi_time_grace(struct timeout *t)
{
	struct cgi_script *s = cgi_script_of_grace(t);
	struct pollfd p = { .fd = s->out, .events = POLLIN };

	if (s->pid != 0 && !s->exited) {
		s->reckoned = true;	/* its exit was what we waited for */
		cgi_time_gone(s);
		return;
	}
	/* What came this very moment is delivered by the loop. */
	if (poll(&p, 1, 0) != 0) {
		cgi_time_await(s);
		return;
	}
	cgi_script_close_out(s);
	s->complete = true;
	if (s->pid != 0)
		cgi_session_finish(s);
	if (s->state == CGI_HEAD)
		cgi_verdict_ended(s);
	else if (s->waiting)
		cgi_time_wake(s);
}

/* What keeps it from answering, as far as the kernel knows. */
static const char *
activity(const struct cgi_script *s)
{
	struct proc_info info;

	if (s->pid == 0 || proc_read(s->pid, &info) == -1)
		return "it has ended";
	switch (info.state) {
	case 'R':
		return "it computes";
	case 'T':
	case 't':
		return "it is stopped (SIGSTOP)";
	case 'D':
		return "it waits for a disk";
	case 'Z':
		return "it has ended, but not what it started";
	default:
		return "it waits for something";
	}
}

static void
cut_off(struct cgi_script *s)
{
	struct request *r = s->request;
	bool waiting = s->waiting;

	s->bad = s->cut = true;
	s->waiting = false;
	cgi_session_end(s);
	if (waiting)
		request_wake(r);
}

void
cgi_time_limit(struct cgi_script *s)
{
	const struct conf_cgi *conf = s->conf;
	bool late = !mono_before(clock_now(), s->total_at);

	if (s->state == CGI_HEAD) {
		s->bad = true;
		cgi_script_log(s, LOG_LEVEL_ERROR, "no header within %lld ms "
		    "(timeout in cgi-limits): %s",
		    (long long)(late ? conf->total_ms : conf->first_byte_ms),
		    activity(s));
		cgi_script_fail(s, 504);
	} else if (late) {
		cgi_script_log(s, LOG_LEVEL_ERROR, "not done within %lld ms "
		    "(timeout in cgi-limits), its output is cut off: %s",
		    (long long)conf->total_ms, activity(s));
		cut_off(s);
	} else if (s->waiting && !mono_before(clock_now(), s->silent_at)) {
		cgi_script_log(s, LOG_LEVEL_ERROR, "wrote nothing more for "
		    "%lld ms (timeout in cgi-limits), its output is cut off: "
		    "%s", (long long)conf->first_byte_ms, activity(s));
		cut_off(s);
	} else {
		set_limit(s);
	}
}
