/*
 * A generation: its making, its end, and what is said to all its workers.
 */
#include "master/generation.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/conf.h"
#include "master/logs.h"

#define WORKERS_MAX	1024

static struct worker_process *
add_place(struct generation *g)
{
	struct worker_process *w = &g->workers[g->nworkers];

	*w = (struct worker_process){ .slot = g->nworkers, .channel = -1,
	    .respawn_at = clock_now() };
	g->nworkers++;
	return w;
}

struct generation *
generation_new(unsigned number, struct conf *conf)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		conf_free(conf);
		return NULL;
	}
	g->number = number;
	g->auth.channel = -1;
	g->state = GENERATION_STARTING;
	g->conf = conf;
	g->workers = calloc(conf->workers, sizeof(*g->workers));
	if (g->workers == NULL) {
		generation_free(g);
		return NULL;
	}
	while (g->nworkers < conf->workers)
		(void)add_place(g);
	return g;
}

void
generation_forget_worker(struct worker_process *w)
{
	if (w->channel != -1)
		(void)close(w->channel);
	w->channel = -1;
	shm_close(&w->shm);
}

void
generation_free(struct generation *g)
{
	unsigned i;

	if (g == NULL)
		return;
	for (i = 0; i < g->nworkers; i++)
		generation_forget_worker(&g->workers[i]);
	free(g->workers);
	authspawn_forget(g);
	listen_close(&g->listens);
	logs_free(g->fresh_logs);
	conf_free(g->conf);
	free(g);
}

unsigned
generation_processes(const struct generation *g)
{
	unsigned i, n = 0;

	for (i = 0; i < g->nworkers; i++)
		n += g->workers[i].pid != 0;
	return n;
}

bool
generation_is_ready(const struct generation *g)
{
	unsigned i;

	for (i = 0; i < g->nworkers; i++)
		if (g->workers[i].pid == 0 || !g->workers[i].ready)
			return false;
	return true;
}

/* --- one more, one fewer --- */

struct worker_process *
generation_grow(struct generation *g)
{
	struct worker_process *more;
	unsigned i;

	for (i = 0; i < g->nworkers; i++) {
		if (g->workers[i].retiring && g->workers[i].pid == 0) {
			g->workers[i].retiring = false;
			g->workers[i].respawn_at = clock_now();
			return &g->workers[i];
		}
	}
	if (g->nworkers >= WORKERS_MAX)
		return NULL;
	more = realloc(g->workers, (g->nworkers + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	g->workers = more;
	return add_place(g);
}

/* The last worker that is not on its way out already; one always stays. */
static struct worker_process *
last_staying(struct generation *g)
{
	struct worker_process *last = NULL;
	unsigned i, n = 0;

	for (i = 0; i < g->nworkers; i++) {
		if (!g->workers[i].retiring) {
			last = &g->workers[i];
			n++;
		}
	}
	return n > 1 ? last : NULL;
}

void
generation_shrink(struct generation *g, int64_t patience_ms)
{
	struct worker_process *w = last_staying(g);

	if (w == NULL)
		return;
	w->retiring = true;
	generation_tell_worker(w, SIGQUIT, patience_ms);
	generation_trim(g);
}

void
generation_trim(struct generation *g)
{
	while (g->nworkers > 0 && g->workers[g->nworkers - 1].pid == 0 &&
	    g->workers[g->nworkers - 1].retiring)
		g->nworkers--;
}

/* --- the end --- */

/* How hard a signal is: one that is harder is not taken back. */
static int
strength(int signo)
{
	static const int order[] = { 0, SIGQUIT, SIGTERM, SIGABRT, SIGKILL };
	size_t i = sizeof(order) / sizeof(order[0]);

	while (--i > 0 && order[i] != signo)
		continue;
	return (int)i;
}

void
generation_tell_worker(struct worker_process *w, int signo,
    int64_t patience_ms)
{
	if (w->pid == 0 || strength(signo) <= strength(w->told))
		return;
	/* The id is our child's until we have waited for it. */
	(void)kill(w->pid, signo);
	w->told = signo;
	w->escalate_at = mono_add_ms(clock_now(), patience_ms);
}

void
generation_tell(struct generation *g, int signo, int64_t patience_ms)
{
	unsigned i;

	for (i = 0; i < g->nworkers; i++)
		generation_tell_worker(&g->workers[i], signo, patience_ms);
}

void
generation_drain(struct generation *g, int64_t patience_ms)
{
	g->state = GENERATION_ENDING;
	listen_close(&g->listens);
	generation_tell(g, SIGQUIT, patience_ms);
}
