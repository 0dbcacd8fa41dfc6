/*
 * Forking: what a worker must not inherit, and when a dead one is replaced.
 */
#include "master/spawn.h"

#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/sig.h"
#include "master/authspawn.h"
#include "master/generation.h"
#include "master/master.h"
#include "worker/worker.h"

/* A worker that lived longer had a fair start. */
#define FAIR_LIFE_US	1000000
/* So many early deaths in a row are answered at once. */
#define FREE_DEATHS	3
#define BACKOFF_MS	100
#define BACKOFF_MAX_MS	10000

/* --- in the child --- */

/* The signals that a terminal sends to the whole group, and those that are
 * for the master alone. */
static void
ignore_group_signals(void)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
	    SIGTTIN, SIGTTOU };
	size_t i;

	sig_reset();
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sig_ignore(ignored[i]);
}

void
spawn_forget_master(struct master *m, struct generation *own,
    const struct worker_process *self)
{
	struct generation *g, *next;
	unsigned i;

	ignore_group_signals();
	for (g = m->generations; g != NULL; g = next) {
		next = g->next;
		if (g != own)
			generation_free(g);
	}
	m->generations = own;
	if (own != NULL) {
		own->next = NULL;
		authspawn_forget(own);
		for (i = 0; i < own->nworkers; i++)
			if (&own->workers[i] != self)
				generation_forget_worker(&own->workers[i]);
	}
	daemon_forget(&m->daemon);
	control_forget(&m->control);
	m->logs.copy = NULL;
	fdset_free(&m->readable);
	if (!m->options->foreground)
		daemon_leave_terminal();
}

/* The descriptors it writes to when the master is gone. */
static void
choose_logs(struct master *m, struct generation *g, struct worker_args *args)
{
	struct logs *l = &m->logs;

	logs_forget_lines(l);
	if (g->fresh_logs != NULL) {
		logs_close(l);
		l = g->fresh_logs;
	}
	args->access_fd = l->access.fd;
	args->error_fd = l->error.fd;
	/* Lines before the worker has its ring. */
	l->echo = m->logs.echo;
	logs_attach(l);
}

static _Noreturn void
become_worker(struct master *m, struct generation *g,
    struct worker_process *w, int channel)
{
	struct worker_args args = { .conf = g->conf, .slot = w->slot,
	    .own_user = m->identity.drop,
	    .generation = g->number, .channel = channel, .shm = &w->shm,
	    .spooled = m->spooled.shared, .column = w->column,
	    .peers = m->peers, .shares = m->shares, .tickets = m->tickets,
	    .listeners = g->listens.sockets, .nlisteners = g->listens.n };
	char role[32];

	(void)snprintf(role, sizeof(role), "worker %u", w->slot);
	log_set_role(role);
	setproctitle("worker %u (generation %u)", w->slot, g->number);
	spawn_forget_master(m, g, w);
	choose_logs(m, g, &args);
	priv_expose_to_oom();
	/* _exit: nothing of the master's is to be done here once more. */
	if (priv_drop(&m->identity, g->conf->sandbox) == -1)
		_exit(1);
	worker_run(&args);
}

/* --- in the master --- */

int
spawn_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends);
}

pid_t
spawn_fork(int *channel)
{
	int ends[2], saved;
	pid_t pid;

	if (spawn_pair(ends) == -1)
		return -1;
	pid = fork();
	saved = errno;
	*channel = ends[pid == 0];
	(void)close(ends[pid != 0]);
	if (pid == -1)
		(void)close(*channel);
	errno = saved;
	return pid;
}

static int
fork_worker(struct master *m, struct generation *g, struct worker_process *w)
{
	int channel;
	pid_t pid = spawn_fork(&channel);

	if (pid == 0)
		become_worker(m, g, w, channel);
	if (pid == -1)
		return -1;
	w->pid = pid;
	w->channel = channel;
	return 0;
}

/* A place's next worker. The memory is new as well: nothing the last one
 * wrote is taken for this one's. 0, or -1 with the reason logged. */
static int
spawn(struct master *m, struct generation *g, struct worker_process *w)
{
	w->ready = false;
	w->has_auth = false;
	w->told = 0;
	w->heartbeat = 0;
	w->still = 0;
	w->started = clock_now();
	w->column = tally_take(&m->spooled);
	errno = EAGAIN;
	if (w->column != 0 && shm_open_worker(&w->shm) == 0 &&
	    fork_worker(m, g, w) == 0) {
		log_debug("worker %u (generation %u) is process %ld", w->slot,
		    g->number, (long)w->pid);
		return 0;
	}
	log_error("cannot start worker %u: %s", w->slot, strerror(errno));
	tally_give(&m->spooled, w->column);
	w->column = 0;
	generation_forget_worker(w);
	return -1;
}

int
spawn_all(struct master *m, struct generation *g)
{
	unsigned i;

	for (i = 0; i < g->nworkers; i++)
		if (spawn(m, g, &g->workers[i]) == -1)
			return -1;
	return 0;
}

/* 0, 0, 0, 0.1 s, 0.2 s ... 10 s. */
static int64_t
backoff_ms(unsigned deaths)
{
	unsigned doublings;

	if (deaths <= FREE_DEATHS)
		return 0;
	doublings = deaths - FREE_DEATHS - 1;
	if (doublings >= 7)
		return BACKOFF_MAX_MS;
	return (int64_t)BACKOFF_MS << doublings;
}

void
spawn_schedule(struct worker_process *w, bool blameless)
{
	int64_t ms;

	if (mono_us(w->started, clock_now()) > FAIR_LIFE_US)
		w->early_deaths = 0;
	else if (!blameless)
		w->early_deaths++;
	ms = blameless ? 0 : backoff_ms(w->early_deaths);
	w->respawn_at = mono_add_ms(clock_now(), ms);
	if (ms > 0)
		log_warn("worker %u died young %u times: the next one starts "
		    "in %u.%u s", w->slot, w->early_deaths,
		    (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
}

void
spawn_due(struct master *m)
{
	struct generation *g = master_serving(m);
	struct worker_process *w;
	unsigned i;

	for (i = 0; g != NULL && i < g->nworkers; i++) {
		w = &g->workers[i];
		if (w->pid == 0 && !w->retiring &&
		    !mono_before(clock_now(), w->respawn_at) &&
		    spawn(m, g, w) == -1)
			spawn_schedule(w, false);
	}
}
