/*
 * cgi: runs scripts for requests (RFC 3875).
 *
 * This file decides when a script may start: first its program is found, then
 * the request's body is gathered, then it waits for its turn. cgi_launch
 * starts it, cgi_reply answers with what it says, cgi_session ends it.
 */
#include "worker/serve/cgi.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/scoreboard.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_script.h"

/* --- a turn to run --- */

static int
run_now(struct cgi_script *s)
{
	int status;

	status = cgi_launch(s);
	if (status != 0)
		return status;
	s->total_at = mono_add_ms(clock_now(), s->conf->total_ms);
	cgi_reply_limit(s);
	return 0;
}

static int
wait_for_turn(struct cgi_script *s)
{
	if (cgi_worker.queued >= s->conf->queue) {
		log_warn("script %s: %u scripts run and %u wait: refused",
		    s->name, cgi_worker.running, cgi_worker.queued);
		return 503;
	}
	s->state = CGI_QUEUED;
	TAILQ_INSERT_TAIL(&cgi_worker.waiting, s, queue);
	cgi_worker.queued++;
	timeout_set(&cgi_worker.limits, &s->limit,
	    mono_add_ms(clock_now(), s->conf->queue_ms));
	return 0;
}

/* The first in the queue that may run now. */
static struct cgi_script *
next_to_run(void)
{
	struct cgi_script *s;

	for (s = TAILQ_FIRST(&cgi_worker.waiting); s != NULL;
	    s = TAILQ_NEXT(s, queue)) {
		if (cgi_worker.running < s->conf->processes)
			return s;
	}
	return NULL;
}

/* Runs the script now or later: 0, or the status to fail with; the script is
 * none of the request's any more then. */
static int
admit(struct cgi_script *s)
{
	struct request *r = s->request;
	int status;

	cgi_script_attach(s);
	/* Who waits for a lower count than ours keeps nobody waiting; who may
	 * run already, and will when the pump comes, goes first. */
	if (cgi_worker.running < s->conf->processes && next_to_run() == NULL)
		status = run_now(s);
	else
		status = wait_for_turn(s);
	if (status != 0)
		return cgi_script_refuse(s, status);
	if (r->score != NULL)
		atomic_store(&r->score->phase, SCORE_SCRIPT);
	return 0;
}

static void
pump(struct timeout *t)
{
	struct cgi_script *s;
	int status;

	(void)t;
	while (!cgi_worker.stopping && (s = next_to_run()) != NULL) {
		TAILQ_REMOVE(&cgi_worker.waiting, s, queue);
		cgi_worker.queued--;
		s->state = CGI_NONE;
		timeout_clear(&s->limit);
		status = run_now(s);
		if (status != 0)
			cgi_script_fail(s, status);
		else if (s->has_sink)
			request_wake(s->request);	/* it takes bytes */
	}
}

static void
on_limit(struct timeout *t)
{
	struct cgi_script *s = cgi_script_of_limit(t);

	if (s->state != CGI_QUEUED) {
		cgi_reply_timeout(s);
		return;
	}
	log_warn("script %s: no turn to run within %lld ms", s->name,
	    (long long)s->conf->queue_ms);
	cgi_script_fail(s, 503);
}

/* --- the request's body --- */

static int
body_put(struct sink *sink, const char *p, size_t n)
{
	struct cgi_script *s = cgi_script_of_sink(sink);

	return cgi_body_put(&s->body, cgi_worker.conf, p, n);
}

static int
body_end(struct sink *sink)
{
	return admit(cgi_script_of_sink(sink));
}

static void
body_close(struct sink *sink)
{
	struct cgi_script *s = cgi_script_of_sink(sink);

	s->has_sink = false;
	/* A body that never became complete: there is nothing to run. */
	if (s->state == CGI_GATHER)
		s->request = NULL;
	cgi_script_settle(s);
}

static const struct sink_ops body_ops = { body_put, body_end, body_close };

/* --- the handler --- */

/* RFC 3875 section 5: by its name, a script that writes its whole message. */
static bool
is_nph(const struct cgi_target *t)
{
	return str_starts(str_from(strrchr(t->filename, '/') + 1), STR("nph-"));
}

static int
start(struct request *r)
{
	struct cgi_target target;
	struct cgi_script *s;
	int status;

	assert(r->magic == REQUEST_MAGIC);
	status = cgi_find(r, &target);
	s = NULL;
	if (status == 0 && !cgi_worker.stopping)
		s = cgi_script_new(r, &target);
	if (status == 0 && s == NULL)
		status = 503;
	if (status == 503)
		r->response.retry_after = CGI_RETRY_S;
	if (status != 0)
		return status;
	s->nph = is_nph(&target);
	if (!r->framing.chunked && r->framing.length == 0)
		return admit(s);
	s->has_sink = true;
	r->sink = &s->sink;
	if (cgi_feed_is_wanted(r)) {
		s->sink.ops = &cgi_feed_ops;
		cgi_feed_open(s);
		return admit(s);
	}
	s->state = CGI_GATHER;
	s->sink.ops = &body_ops;
	return 0;
}

const struct handler handler_cgi = { "cgi", start };

/* --- the worker's side --- */

void
cgi_open(const struct conf *conf, struct loop *loop, struct scoreboard *score)
{
	cgi_worker = (struct cgi_worker){ .conf = conf, .loop = loop,
	    .score = score };
	TAILQ_INIT(&cgi_worker.scripts);
	TAILQ_INIT(&cgi_worker.waiting);
	cgi_worker.limits.fn = on_limit;
	cgi_worker.graces.fn = cgi_reply_grace;
	cgi_worker.ends.fn = cgi_session_timeout;
	cgi_worker.pumps.fn = pump;
	cgi_worker.sweeps.fn = cgi_session_sweep;
	cgi_worker.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (cgi_worker.null == -1)
		log_error("/dev/null: %s; scripts cannot be started",
		    strerror(errno));
	proc_become_subreaper();
}

void
cgi_tick(struct mono now)
{
	timeoutq_run(&cgi_worker.limits, now);
	timeoutq_run(&cgi_worker.graces, now);
	timeoutq_run(&cgi_worker.ends, now);
	timeoutq_run(&cgi_worker.sweeps, now);
	timeoutq_run(&cgi_worker.pumps, now);
}

struct mono
cgi_next(struct mono until)
{
	until = timeoutq_next(&cgi_worker.limits, until);
	until = timeoutq_next(&cgi_worker.graces, until);
	until = timeoutq_next(&cgi_worker.ends, until);
	until = timeoutq_next(&cgi_worker.sweeps, until);
	return timeoutq_next(&cgi_worker.pumps, until);
}

bool
cgi_is_busy(void)
{
	return cgi_worker.running > 0 || timeout_is_set(&cgi_worker.sweep);
}
