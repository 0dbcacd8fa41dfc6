/*
 * The lines of "pyked status". What comes from a scoreboard is numbers, which a
 * worker can only get wrong.
 */
#include "master/status.h"

#include <stdio.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/net.h"
#include "master/generation.h"
#include "master/master.h"
#include "worker/worker.h"

#define LABEL	"  %-12s "

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "3 days 4 hours": two units are enough. */
static void
put_uptime(uint64_t s, struct buf *out)
{
	static const struct {
		const char *name;
		uint64_t s;
	} units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 },
	    { "second", 1 } };
	size_t i = 0, last;
	uint64_t n;

	while (i < 3 && s < units[i].s)
		i++;
	for (last = i + 1; i <= last && i < 4; i++) {
		n = s / units[i].s;
		s %= units[i].s;
		(void)buf_printf(out, " %llu %s%s", (unsigned long long)n,
		    units[i].name, plural(n));
	}
}

static const char *
state_name(enum generation_state state)
{
	switch (state) {
	case GENERATION_STARTING:
		return "is starting";
	case GENERATION_SERVING:
		return "serves";
	case GENERATION_ENDING:
		return "finishes what it began";
	case GENERATION_NONE:
		break;
	}
	return "?";
}

static void
put_listens(const struct generation *g, struct buf *out)
{
	char text[NET_ADDR_TEXT];
	size_t i;

	for (i = 0; i < g->listens.n; i++) {
		const struct listener *l = &g->listens.sockets[i];

		(void)buf_printf(out, LABEL "%s://%s/\n",
		    i == 0 ? "listens on" : "", l->conf->tls ? "https" :
		    "http", listen_text(l, text));
	}
}

static void
put_worker(const struct worker_process *w, struct buf *out)
{
	char label[24];
	uint64_t connections, requests;

	if (w->pid == 0 || w->shm.map == NULL)
		return;
	connections = w->shm.score->connections;
	requests = w->shm.score->requests;
	(void)snprintf(label, sizeof(label), "worker %u", w->slot);
	(void)buf_printf(out, LABEL "process %ld, %llu connection%s, %llu "
	    "request%s\n", label, (long)w->pid,
	    (unsigned long long)connections, plural(connections),
	    (unsigned long long)requests, plural(requests));
}

/* A connection wakes every worker that listens, and one of them has it. */
static void
put_accepted(const struct generation *g, struct buf *out)
{
	uint64_t accepted = 0, vain = 0;
	unsigned i;

	for (i = 0; i < g->nworkers; i++) {
		if (g->workers[i].pid == 0 || g->workers[i].shm.map == NULL)
			continue;
		accepted += g->workers[i].shm.score->accepted;
		vain += g->workers[i].shm.score->vain;
	}
	(void)buf_printf(out, LABEL "%llu in all, %llu wake-up%s in vain\n",
	    "accepted", (unsigned long long)accepted,
	    (unsigned long long)vain, plural(vain));
}

static void
put_generation(const struct generation *g, struct buf *out)
{
	unsigned i, n = generation_processes(g);

	(void)buf_printf(out, "generation %u %s: %u worker%s\n", g->number,
	    state_name(g->state), n, plural(n));
	put_listens(g, out);
	put_accepted(g, out);
	for (i = 0; i < g->nworkers; i++)
		put_worker(&g->workers[i], out);
}

void
status_put(const struct master *m, struct buf *out)
{
	const struct generation *g;

	(void)buf_printf(out, "pyked runs: process %ld, for",
	    (long)getpid());
	put_uptime((uint64_t)mono_us(m->started, clock_now()) / 1000000, out);
	(void)buf_printf(out, ", with %s\n", m->options->file);
	for (g = m->generations; g != NULL; g = g->next)
		put_generation(g, out);
}
