/*
 * SIGCHLD: who has died, what it leaves, and what becomes of its place.
 */
#include "master/reap.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/log.h"
#include "common/proc.h"
#include "master/authspawn.h"
#include "master/autopsy.h"
#include "master/generation.h"
#include "master/logwriter.h"
#include "master/master.h"
#include "master/reload.h"
#include "master/spawn.h"

/* More children than this nobody hands over to a program he starts. */
#define SPARED_MAX	16

static pid_t spared[SPARED_MAX];
static size_t nspared;

/* --- workers --- */

static struct worker_process *
find_worker(const struct master *m, pid_t pid, struct generation **of)
{
	struct generation *g;
	unsigned i;

	for (g = m->generations; g != NULL; g = g->next) {
		for (i = 0; i < g->nworkers; i++) {
			if (g->workers[i].pid == pid) {
				*of = g;
				return &g->workers[i];
			}
		}
	}
	return NULL;
}

/* Takes a dead worker out of the books and says what follows. */
static void
bury(struct master *m, struct generation *g, struct worker_process *w,
    int status)
{
	bool expected = g->state == GENERATION_ENDING || w->retiring;

	/* Its children are ours now; what it forked itself may still write to
	 * the memory that is read here. */
	m->orphans = true;
	reap_orphans(m);
	autopsy_report(g, w, status, expected);
	logwriter_drain_dead(&m->logs, w);
	autopsy_log_requests(&m->logs, g, w);
	generation_forget_worker(w);
	peers_forget(m->peers, w->column);
	shares_forget(m->shares, w->column);
	tally_give(&m->spooled, w->column);
	w->column = 0;
	w->pid = 0;
	if (g->state == GENERATION_STARTING)
		reload_failed(m, g, "a worker ended before it was ready");
	else if (!expected)
		spawn_schedule(w, w->ready && WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGKILL);
	else
		generation_trim(g);
}

/* True when pid was one of them. */
static bool
forget_spared(pid_t pid)
{
	size_t i;

	for (i = 0; i < nspared; i++) {
		if (spared[i] == pid) {
			spared[i] = spared[--nspared];
			return true;
		}
	}
	return false;
}

void
reap_dead(struct master *m)
{
	struct worker_process *w;
	struct generation *g;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		w = find_worker(m, pid, &g);
		if (w != NULL)
			bury(m, g, w, status);
		else if (!authspawn_bury(m, pid, status) && !forget_spared(pid))
			/* It was adopted, and now its children are. */
			m->orphans = true;
	}
}

/* --- orphans --- */

static void
spare(pid_t pid, pid_t session, void *arg)
{
	(void)session;
	(void)arg;
	if (nspared < SPARED_MAX)
		spared[nspared++] = pid;
}

void
reap_spare_present(void)
{
	nspared = 0;
	if (proc_children(spare, NULL) == -1)
		log_warn("cannot read /proc: %s; scripts of a worker that is "
		    "killed will not be found", strerror(errno));
}

static bool
is_spared(pid_t pid)
{
	size_t i;

	for (i = 0; i < nspared; i++)
		if (spared[i] == pid)
			return true;
	return false;
}

/* pid is our child, so until it is waited for the id is nobody else's; the
 * same is true of the group that it leads. */
static void
end_orphan(pid_t pid, pid_t session, void *arg)
{
	struct master *m = arg;
	struct generation *g;

	if (find_worker(m, pid, &g) != NULL || authspawn_is(m, pid) ||
	    is_spared(pid))
		return;
	m->orphans = true;
	if (session == pid)
		(void)kill(-pid, SIGKILL);
	(void)kill(pid, SIGKILL);
	log_debug("process %ld was left over and is killed", (long)pid);
}

void
reap_orphans(struct master *m)
{
	if (!m->orphans)
		return;
	m->orphans = false;
	if (proc_children(end_orphan, m) == -1)
		log_debug("cannot read /proc: %s", strerror(errno));
}
