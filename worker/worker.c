/*
 * A worker: set up from what the master gave, then one loop until told to stop.
 */
#include "worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "common/shm.h"
#include "common/sig.h"
#include "common/tickets.h"
#include "worker/accept.h"
#include "worker/accesslog.h"
#include "worker/bufpool.h"
#include "worker/conn.h"
#include "worker/context.h"
#include "worker/crowd.h"
#include "worker/ledger.h"
#include "worker/loop.h"
#include "worker/orphan.h"
#include "worker/score.h"
#include "worker/serve/auth.h"
#include "worker/serve/auth_check.h"
#include "worker/serve/cgi.h"
#include "worker/serve/cgi_body.h"
#include "worker/serve/filetable.h"
#include "worker/serve/limit.h"
#include "worker/serve/turns.h"
#include "worker/tls_tickets.h"
#include "worker/tls_wire.h"
#include "worker/transport_tls.h"

#define RESERVED_FDS	32	/* stdio, logs, the channel, libraries */
#define ORPHAN_MS	4500	/* a worker outlives its master: gone in 5 s */

static struct worker self;
static const struct worker_args *args;
static struct mono stop_at;	/* set: exit then at the latest */

/* --- the master --- */

/* Lines of the error log go through the ring like those of the access log, so
 * a slow disk never holds a worker up. */
static void
log_to_ring(const char *line, size_t n)
{
	struct ring *ring = &args->shm->errors;

	if (ring_put(ring, line, n))
		ring_commit(ring, ring_mark(ring));
	else
		ring_drop(ring);
}

static void
master_is_gone(void)
{
	log_warn("the master is gone: no new connections, stopping within "
	    "%d ms", ORPHAN_MS);
	loop_forget(self.loop, args->channel);
	stop_at = mono_add_ms(clock_now(), ORPHAN_MS);
	self.draining = true;
	accept_close(&self, true);
	orphan_begin();
}

static void
on_channel(void *arg, enum loop_events ready)
{
	char tag = WORKER_NOTHING;
	int fd = -1;

	(void)arg;
	(void)ready;
	if (net_recv_fd(args->channel, &tag, &fd) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			master_is_gone();
		return;
	}
	if (tag == WORKER_ACCESS_FD || tag == WORKER_ERROR_FD)
		orphan_set_log(tag == WORKER_ACCESS_FD, fd);
	else if (tag == WORKER_AUTH_FD && fd != -1)
		auth_check_link(fd);
	else if (fd != -1)
		(void)close(fd);
}

static void
say_ready(void)
{
	char message = WORKER_READY;

	if (send(args->channel, &message, 1, MSG_NOSIGNAL) != 1)
		log_error("cannot tell the master that all is ready: %s",
		    strerror(errno));
}

/* --- the beginning --- */

static void
open_signals(void)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	    SIGTTIN, SIGTTOU, SIGPIPE };
	static const int caught[] = { SIGQUIT, SIGTERM, SIGCHLD };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sig_ignore(ignored[i]);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sig_catch(caught[i]);
}

static void
open_log(void)
{
	char role[32];

	(void)snprintf(role, sizeof(role), "worker %u", args->slot);
	log_set_role(role);
	log_set_level(args->conf->error_level);
	log_set_sink(log_to_ring);
	accesslog_open(&args->shm->access,
	    args->conf->access.kind == CONF_LOG_OFF ? CONF_FORMAT_UNSET :
	    args->conf->access_format, args->channel);
	orphan_open(args->shm, args->access_fd, args->error_fd);
}

static void
open_queues(void)
{
	for (int i = 0; i < WAIT_KINDS; i++)
		self.queue[i].fn = conn_expired;
	TAILQ_INIT(&self.again);
}

static void
out_of_memory(void)
{
	log_error("out of memory at the start");
	exit(1);
}

static void
open_worker(void)
{
	clock_update();
	open_signals();
	open_log();
	open_queues();
	self.conf = args->conf;
	self.score = args->shm->score;
	self.loop = loop_new();
	if (self.loop == NULL ||
	    cgi_open(args->conf, self.loop, self.score) == -1)
		out_of_memory();
	ledger_open(args->conf->limits.connections, RESERVED_FDS +
	    2 * (unsigned)args->nlisteners + (unsigned)args->conf->ndirs);
	score_open(self.score);
	tickets_protect(args->tickets);
	tls_tickets_open(args->conf, args->tickets);
	transport_tls_setup(args->conf);
	cgi_body_open(args->spooled, args->column);
	if (args->own_user)
		cgi_limit_tasks();
	crowd_open(args->peers, args->column);
	limit_open(args->peers);
	if (auth_open(self.loop) == -1)
		exit(1);
	if (accept_open(&self, args->listeners, args->nlisteners,
	    args->shares, args->column) == -1 ||
	    loop_watch(self.loop, args->channel, LOOP_READ, on_channel,
	    NULL) == -1)
		out_of_memory();
}

/* --- the turns --- */

static struct mono
next_deadline(void)
{
	struct mono until = stop_at;

	if (!TAILQ_EMPTY(&self.again))
		return clock_now();
	for (int i = 0; i < WAIT_KINDS; i++)
		until = timeoutq_next(&self.queue[i], until);
	until = accept_next(until);
	until = turns_next(until);
	until = filetable_next(until);
	until = tls_wire_next(until);
	until = auth_check_next(until);
	until = orphan_next(until);
	return cgi_next(until);
}

static void
run_deadlines(void)
{
	for (int i = 0; i < WAIT_KINDS; i++)
		timeoutq_run(&self.queue[i], clock_now());
	turns_tick(clock_now());
	filetable_tick(clock_now());
	tls_wire_tick(clock_now());
	auth_check_tick(clock_now());
	cgi_tick(clock_now());
}

static void
take_signals(void)
{
	if (sig_take(SIGCHLD))
		cgi_reap();
	if (sig_take(SIGQUIT) && !self.draining) {
		self.draining = true;
		accept_finish(&self);
	}
	if (sig_take(SIGTERM)) {
		self.draining = true;
		accept_close(&self, false);
		stop_at = clock_now();
	}
}

static void
publish(void)
{
	struct scoreboard *s = self.score;

	s->heartbeat++;
	s->turns++;
	s->descriptors = ledger_used();
}

/* Deliveries, then deadlines, then signals: this order must not change, for a
 * signal may end what the others still want to use. */
static void
turn(void)
{
	loop_turn(self.loop, next_deadline());
	conn_run_again(&self);
	run_deadlines();
	take_signals();
	accept_resume(&self);
	conn_reap(&self);
	orphan_flush();
	publish();
}

static bool
is_done(void)
{
	if (mono_is_set(stop_at) && !mono_before(clock_now(), stop_at))
		return true;
	return self.draining && !accept_is_open() && self.conns == NULL &&
	    !cgi_is_busy() && !orphan_has_lines();
}

static void
close_worker(void)
{
	conn_close_all(&self);
	conn_reap(&self);
	auth_check_close();
	cgi_kill_all();
	filetable_free();
	request_pool_free();
	bufpool_free();
	loop_free(self.loop);
	orphan_flush();
}

noreturn void
worker_run(const struct worker_args *a)
{
	args = a;
	open_worker();
	say_ready();
	while (!is_done())
		turn();
	close_worker();
	exit(0);
}
