/*
 * The process that checks passwords, as the master sees it.
 */
#include "master/authspawn.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/authmsg.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "master/authwatch.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/rekey.h"
#include "master/spawn.h"
#include "worker/authd.h"
#include "worker/worker.h"

/* No more than one start in so long. */
#define RESPAWN_MS	1000

/* --- in the child --- */

/* Nothing stays open but the channel and what 0, 1 and 2 are. */
static void
keep_only(int channel)
{
	const int first = STDERR_FILENO + 1;

	if (channel != first && dup3(channel, first, O_CLOEXEC) == -1)
		_exit(1);
	closefrom(first + 1);
}

static _Noreturn void
become_authd(struct master *m, const struct generation *g, int channel)
{
	size_t nfiles = g->conf->nauth_files;

	log_set_role("auth");
	setproctitle("auth (generation %u)", g->number);
	logs_forget_lines(&m->logs);
	/* The keys of certificates go with the configuration. */
	spawn_forget_master(m, NULL, NULL);
	rekey_close(m);
	priv_expose_to_oom();
	/* Other processes of this user must not read the hashes here. */
	if (priv_drop(&m->identity, true) == -1)
		_exit(1);
	logs_attach(NULL);
	keep_only(channel);
	authd_run(STDERR_FILENO + 1, nfiles);
}

/* --- in the master --- */

static int
fork_authd(struct master *m, struct generation *g)
{
	int channel;
	pid_t pid = spawn_fork(&channel);

	if (pid == 0)
		become_authd(m, g, channel);
	if (pid == -1)
		return -1;
	g->auth.pid = pid;
	g->auth.channel = channel;
	return 0;
}

/* Every worker is to have a new socket, and the process all files. */
static void
restart(struct generation *g)
{
	struct authspawn *a = &g->auth;
	unsigned i;

	if (a->channel != -1)
		(void)close(a->channel);
	a->channel = -1;
	a->pid = 0;
	authwatch_restart(a->watch);
	for (i = 0; i < g->nworkers; i++)
		g->workers[i].has_auth = false;
}

static void
start(struct master *m, struct generation *g)
{
	struct authspawn *a = &g->auth;

	a->started = clock_now();
	a->respawn_at = mono_add_ms(a->started, RESPAWN_MS);
	restart(g);
	if (fork_authd(m, g) == -1)
		log_error("cannot start the process that checks passwords: %s",
		    strerror(errno));
}

/* A worker may miss its end when its socket is full: then it is given another
 * one in the next turn, and the process sees that this one is closed. */
static void
join(struct authspawn *a, struct worker_process *w)
{
	struct auth_order order = { .kind = AUTH_ORDER_WORKER };
	int ends[2];

	if (spawn_pair(ends) == -1)
		return;
	w->has_auth = net_send_with_fd(a->channel, &order, sizeof(order),
	    ends[0]) == 0 && net_send_fd(w->channel, WORKER_AUTH_FD,
	    ends[1]) == 0;
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void
step(struct master *m, struct generation *g)
{
	struct authspawn *a = &g->auth;
	struct worker_process *w;
	unsigned i;

	if (a->watch == NULL)
		a->watch = authwatch_new(g->conf);
	if (a->watch == NULL)
		return;
	if (a->pid == 0 && !mono_before(clock_now(), a->respawn_at))
		start(m, g);
	authwatch_look(a->watch);
	if (a->pid == 0 || !authwatch_send(a->watch, a->channel))
		return;
	for (i = 0; i < g->nworkers; i++) {
		w = &g->workers[i];
		if (w->pid != 0 && w->channel != -1 && !w->has_auth)
			join(a, w);
	}
}

void
authspawn_step(struct master *m)
{
	struct generation *g;

	for (g = m->generations; g != NULL; g = g->next)
		if (g->conf->nauth_files > 0 && generation_processes(g) > 0)
			step(m, g);
}

/* It has nothing to finish: whoever asked it something is gone. */
bool
authspawn_end(struct generation *g)
{
	if (g->auth.pid == 0)
		return true;
	(void)kill(g->auth.pid, SIGKILL);
	return false;
}

static struct generation *
find(const struct master *m, pid_t pid)
{
	struct generation *g = m->generations;

	while (g != NULL && g->auth.pid != pid)
		g = g->next;
	return g;
}

bool
authspawn_is(const struct master *m, pid_t pid)
{
	return find(m, pid) != NULL;
}

bool
authspawn_bury(struct master *m, pid_t pid, int status)
{
	struct generation *g = find(m, pid);

	if (g == NULL)
		return false;
	if (generation_processes(g) > 0 && WIFSIGNALED(status))
		log_warn("the process that checks passwords was killed by "
		    "signal %d (%s) and is replaced", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else if (generation_processes(g) > 0)
		log_warn("the process that checks passwords ended with status "
		    "%d and is replaced", WEXITSTATUS(status));
	restart(g);
	return true;
}

void
authspawn_forget(struct generation *g)
{
	struct authspawn *a = &g->auth;

	if (a->channel != -1)
		(void)close(a->channel);
	a->channel = -1;
	authwatch_free(a->watch);
	a->watch = NULL;
}
