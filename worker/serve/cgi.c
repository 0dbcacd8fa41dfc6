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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/scoreboard.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_script.h"
#include "worker/serve/cgi_spawn.h"

/* --- a turn to run --- */

/* There is room for it among the scripts of its location and those of the
 * worker. A location that may have more than all together raises that. */
static bool
has_room(const struct cgi_script *s)
{
	unsigned most = cgi_worker.conf->processes;

	if (s->conf->processes > most)
		most = s->conf->processes;
	return cgi_script_place(s)->running < s->conf->processes &&
	    cgi_worker.running < most;
}

static int
run_now(struct cgi_script *s)
{
	int status;

	status = cgi_launch(s);
	if (status != 0)
		return status;
	s->use.started = s->request->use.started = clock_now();
	s->total_at = mono_add_ms(clock_now(), s->conf->total_ms);
	cgi_time_start(s);
	return 0;
}

static int
wait_for_turn(struct cgi_script *s)
{
	struct cgi_place *place = cgi_script_place(s);

	if (place->queued >= s->conf->queue) {
		cgi_script_log(s, LOG_LEVEL_WARN, "refused: %u scripts run "
		    "here and %u wait, %u run in all (processes in "
		    "cgi-limits)", place->running, place->queued,
		    cgi_worker.running);
		return 503;
	}
	s->state = CGI_QUEUED;
	TAILQ_INSERT_TAIL(&cgi_worker.waiting, s, queue);
	place->queued++;
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
		if (has_room(s))
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
	/* Who waits for room that we do not need keeps nobody waiting; who may
	 * run already, and will when the pump comes, goes first. */
	if (has_room(s) && next_to_run() == NULL)
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
		cgi_script_place(s)->queued--;
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
		cgi_time_limit(s);
		return;
	}
	cgi_script_log(s, LOG_LEVEL_WARN, "no turn to run within %lld ms "
	    "(processes in cgi-limits)", (long long)s->conf->queue_ms);
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

static bool
has_scripts(const struct conf *conf)
{
	size_t i, k;

	for (i = 0; i < conf->nservers; i++) {
		const struct conf_server *s = &conf->servers[i];

		if (s->base.cgi.kind != CONF_CGI_OFF)
			return true;
		for (k = 0; k < s->nlocations; k++)
			if (s->locations[k].cgi.kind != CONF_CGI_OFF)
				return true;
	}
	return false;
}

int
cgi_open(const struct conf *conf, struct loop *loop, struct scoreboard *score)
{
	cgi_worker = (struct cgi_worker){ .conf = conf, .loop = loop,
	    .score = score };
	TAILQ_INIT(&cgi_worker.scripts);
	TAILQ_INIT(&cgi_worker.waiting);
	cgi_worker.limits.fn = on_limit;
	cgi_worker.listens.fn = cgi_stderr_listen;
	cgi_worker.graces.fn = cgi_time_grace;
	cgi_worker.ends.fn = cgi_session_timeout;
	cgi_worker.pumps.fn = pump;
	cgi_worker.sweeps.fn = cgi_session_sweep;
	cgi_worker.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (cgi_worker.null == -1)
		log_error("/dev/null: %s; scripts cannot be started",
		    strerror(errno));
	cgi_worker.places = calloc(conf->places, sizeof(*cgi_worker.places));
	cgi_worker.reckon = conf->access.kind != CONF_LOG_OFF &&
	    (conf->access_format == CONF_FORMAT_CGI ||
	    conf->access_format == CONF_FORMAT_JSON);
	cgi_spawn_open();
	proc_become_subreaper();
	return cgi_worker.places == NULL && conf->places > 0 ? -1 : 0;
}

void
cgi_set_witness(const struct cgi_witness *witness)
{
	cgi_worker.witness = witness;
}

void
cgi_limit_tasks(void)
{
	unsigned n;

	if (!has_scripts(cgi_worker.conf))
		return;
	n = proc_tasks_of(getuid());
	if (n == 0)
		log_warn("/proc cannot be read: the processes of scripts are "
		    "not limited: %s", strerror(errno));
	else
		cgi_worker.tasks = n + cgi_worker.conf->workers;
}

void
cgi_tick(struct mono now)
{
	timeoutq_run(&cgi_worker.limits, now);
	timeoutq_run(&cgi_worker.listens, now);
	timeoutq_run(&cgi_worker.graces, now);
	timeoutq_run(&cgi_worker.ends, now);
	timeoutq_run(&cgi_worker.sweeps, now);
	timeoutq_run(&cgi_worker.pumps, now);
}

struct mono
cgi_next(struct mono until)
{
	until = timeoutq_next(&cgi_worker.limits, until);
	until = timeoutq_next(&cgi_worker.listens, until);
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
