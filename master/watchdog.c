/*
 * Heartbeats that stand still, and the ladder QUIT, TERM, KILL.
 */
#include "master/watchdog.h"

#include <signal.h>

#include "common/log.h"
#include "master/generation.h"
#include "master/master.h"

/* Checks, not seconds: a master that was itself stopped for a while has not
 * looked in that time, and judges nobody for it. */
#define CHECK_MS	1000
#define CHECKS_STILL	10
/* Between a signal that asks and the one that does not. */
#define LAST_WORDS_MS	2000

static void
check_worker(struct worker_process *w)
{
	uint64_t now = atomic_load(&w->shm.score->heartbeat);

	if (now != w->heartbeat) {
		w->heartbeat = now;
		w->still = 0;
		return;
	}
	/* SIGTERM and stronger come with a limit of their own. */
	if (++w->still < CHECKS_STILL || (w->told != 0 && w->told != SIGQUIT))
		return;
	log_error("worker %u (process %ld) has not moved for %d s: it is "
	    "aborted and replaced", w->slot, (long)w->pid, CHECKS_STILL);
	generation_tell_worker(w, SIGABRT, LAST_WORDS_MS);
}

void
watchdog_check(struct master *m)
{
	struct generation *g;
	unsigned i;

	if (mono_before(clock_now(), m->next_check))
		return;
	m->next_check = mono_add_ms(clock_now(), CHECK_MS);
	for (g = m->generations; g != NULL; g = g->next)
		for (i = 0; i < g->nworkers; i++)
			if (g->workers[i].pid != 0)
				check_worker(&g->workers[i]);
}

static void
escalate(const struct generation *g, struct worker_process *w)
{
	if (w->told == SIGQUIT) {
		log_warn("worker %u (generation %u) did not finish in time and "
		    "is stopped", w->slot, g->number);
		generation_tell_worker(w, SIGTERM, LAST_WORDS_MS);
	} else {
		log_warn("worker %u (generation %u) does not end and is killed",
		    w->slot, g->number);
		generation_tell_worker(w, SIGKILL, LAST_WORDS_MS);
	}
}

void
watchdog_escalate(struct master *m)
{
	struct worker_process *w;
	struct generation *g;
	unsigned i;

	for (g = m->generations; g != NULL; g = g->next) {
		for (i = 0; i < g->nworkers; i++) {
			w = &g->workers[i];
			if (w->pid != 0 && w->told != 0 && w->told != SIGKILL &&
			    !mono_before(clock_now(), w->escalate_at))
				escalate(g, w);
		}
	}
}
