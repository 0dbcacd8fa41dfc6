/*
 * Reloading: build the new world beside the old, switch when all of it works,
 * or else leave everything as it was.
 */
#include "master/reload.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/net.h"
#include "master/authspawn.h"
#include "master/config.h"
#include "master/generation.h"
#include "master/logs.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/spawn.h"
#include "worker/worker.h"

/* Generations that live at once; more reloads wait until one ends. */
#define GENERATIONS_MAX	4
/* By then every worker of a new one is ready. */
#define READY_MS	10000

static void
start_title(const struct master *m, unsigned number)
{
	setproctitle("master (generation %u) %s", number, m->options->file);
}

/* --- what went wrong --- */

/* Whoever waits for a reload hears that old goes on instead. */
static void
give_up(struct master *m, const struct generation *old)
{
	control_reload_ended(m, EXIT_FAILURE, "");
	notify_ready(old->number);
}

static void
refuse(struct master *m, struct conf_errors *errors)
{
	struct generation *old = master_serving(m);
	struct buf *copy = m->logs.copy;

	if (old == NULL) {
		config_report(errors, "");
		return;
	}
	log_error("reload refused: %u mistake%s; generation %u serves on",
	    errors->n, errors->n == 1 ? "" : "s", old->number);
	/* In the log each line stands alone; whoever waits sees them together,
	 * with the carets under their words. */
	m->logs.copy = NULL;
	config_report(errors, "reload refused: ");
	m->logs.copy = copy;
	if (copy != NULL)
		(void)buf_put_str(copy, buf_str(&errors->text));
	give_up(m, old);
}

void
reload_failed(struct master *m, struct generation *g, const char *why)
{
	struct generation *old = master_serving(m);

	g->state = GENERATION_ENDING;
	listen_close(&g->listens);
	generation_tell(g, SIGKILL, 0);
	if (old != NULL) {
		log_error("reload failed: %s; generation %u serves on", why,
		    old->number);
		give_up(m, old);
		return;
	}
	log_error("cannot start: %s", why);
	m->status = EXIT_FAILURE;
	if (m->state == MASTER_STARTING)
		master_stop(m);
}

/* --- a new generation --- */

/* Binds and forks; its logs and conf are in place. */
static int
launch(struct master *m, struct generation *g, struct conf_errors *errors)
{
	static const struct listen_set none;
	struct generation *old = master_serving(m);

	if (listen_open(&g->listens, g->conf,
	    old == NULL ? &none : &old->listens, errors) == -1) {
		refuse(m, errors);
		return -1;
	}
	g->next = m->generations;
	m->generations = g;
	m->last_number = g->number;
	g->deadline = mono_add_ms(clock_now(), READY_MS);
	if (spawn_all(m, g) == -1)
		reload_failed(m, g, "not every worker could be forked");
	else
		authspawn_step(m);
	return 0;
}

int
reload_first(struct master *m, struct conf *conf)
{
	struct conf_errors errors = { .n = 0 };
	struct generation *g = generation_new(m->last_number + 1, conf);
	int rc;

	if (g == NULL) {
		log_error("out of memory");
		return -1;
	}
	log_set_level(conf->error_level);
	start_title(m, g->number);
	rc = launch(m, g, &errors);
	if (rc == -1)
		generation_free(g);
	conf_errors_free(&errors);
	return rc;
}

/* What a reload cannot change is said, and the rest of it done. */
static void
warn_of_restart(const struct master *m, const struct conf *conf,
    const struct identity *who)
{
	if (who->uid != m->identity.uid || who->gid != m->identity.gid)
		log_warn("the change of \"user\" needs a restart");
	if (m->daemon.path != NULL &&
	    strcmp(conf->pidfile, m->daemon.path) != 0)
		log_warn("the change of \"pidfile\" needs a restart");
	if (m->control.door.path != NULL &&
	    strcmp(conf->control, m->control.door.path) != 0)
		log_warn("the change of \"control\" needs a restart");
}

/* Takes over conf. */
static struct generation *
prepare(struct master *m, struct conf *conf, struct conf_errors *errors)
{
	static const struct conf_pos nowhere;
	struct generation *g = generation_new(m->last_number + 1, conf);

	if (g != NULL)
		g->fresh_logs = calloc(1, sizeof(*g->fresh_logs));
	if (g == NULL || g->fresh_logs == NULL)
		conf_error(errors, &nowhere, 0, NULL, "out of memory");
	else if (logs_open(g->fresh_logs, conf, m->options->foreground,
	    errors) == 0)
		return g;
	generation_free(g);
	return NULL;
}

static void
begin(struct master *m)
{
	struct conf_errors errors = { .n = 0 };
	struct generation *g = NULL;
	struct identity who;
	struct conf *conf;

	m->reload_wanted = false;
	control_reload_begins(m);
	notify_reloading();
	log_info("reloading %s", m->options->file);
	conf = config_load(m->options, &who, &errors);
	if (conf != NULL) {
		warn_of_restart(m, conf, &who);
		g = prepare(m, conf, &errors);
	}
	if (g == NULL)
		refuse(m, &errors);
	else if (launch(m, g, &errors) == -1)
		generation_free(g);
	conf_errors_free(&errors);
}

void
reload_wish(struct master *m)
{
	if (m->state == MASTER_SERVING || m->state == MASTER_STARTING)
		m->reload_wanted = true;
}

void
reload_cancel(struct master *m)
{
	m->reload_wanted = false;
	control_stopping(m);
}

/* --- the change --- */

static void
send_log(const struct generation *g, char tag, const struct logfile *f)
{
	const struct worker_process *w;
	unsigned i;

	for (i = 0; f->fd != -1 && i < g->nworkers; i++) {
		w = &g->workers[i];
		if (w->channel != -1 && net_send_fd(w->channel, tag, f->fd) ==
		    -1)
			log_debug("worker %u was not given the new %s log",
			    w->slot, f->name);
	}
}

void
reload_hand_out_logs(const struct master *m, const struct generation *g)
{
	for (; g != NULL; g = g->next) {
		send_log(g, WORKER_ACCESS_FD, &m->logs.access);
		send_log(g, WORKER_ERROR_FD, &m->logs.error);
	}
}

static void
take_logs(struct master *m, struct generation *g)
{
	if (g->fresh_logs == NULL)
		return;
	logs_replace(&m->logs, g->fresh_logs);
	logs_free(g->fresh_logs);
	g->fresh_logs = NULL;
	/* Its own workers were born with them. */
	reload_hand_out_logs(m, g->next);
}

/* Whoever waits for it hears that g serves. */
static void
tell_ready(struct master *m, const struct generation *g)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "generation %u serves", g->number);
	control_reload_ended(m, EXIT_SUCCESS, text);
	notify_ready(g->number);
}

static void
greet(const struct master_options *options)
{
	const char *text = options->greeting;
	/* Nobody has to read it. */
	ssize_t ignored = text == NULL ? 0 : write(STDOUT_FILENO, text,
	    strlen(text));

	(void)ignored;
}

static void
complete(struct master *m, struct generation *g)
{
	struct generation *old = master_serving(m);

	g->state = GENERATION_SERVING;
	take_logs(m, g);
	log_set_level(g->conf->error_level);
	start_title(m, g->number);
	listen_announce(&g->listens);
	log_info("ready: generation %u, %u worker%s", g->number, g->nworkers,
	    g->nworkers == 1 ? "" : "s");
	if (old != NULL)
		generation_drain(old, g->conf->drain_ms);
	tell_ready(m, g);
	if (m->state != MASTER_STARTING)
		return;
	m->state = MASTER_SERVING;
	m->logs.echo = false;
	greet(m->options);
	if (m->daemon.report != -1)
		daemon_ready(&m->daemon);
}

/* Frees generations that have nobody left; returns how many remain. */
static unsigned
forget_ended(struct master *m)
{
	struct generation **at = &m->generations, *g;
	unsigned n = 0;

	while ((g = *at) != NULL) {
		if (g->state == GENERATION_ENDING &&
		    generation_processes(g) == 0 && authspawn_end(g)) {
			*at = g->next;
			generation_free(g);
			continue;
		}
		n++;
		at = &g->next;
	}
	return n;
}

void
reload_step(struct master *m)
{
	struct generation *g = m->generations;
	unsigned n;

	if (g != NULL && g->state == GENERATION_STARTING) {
		if (generation_is_ready(g))
			complete(m, g);
		else if (!mono_before(clock_now(), g->deadline))
			reload_failed(m, g, "not every worker was ready in "
			    "time");
	}
	n = forget_ended(m);
	if (m->reload_wanted && m->state == MASTER_SERVING &&
	    n > 0 && n < GENERATIONS_MAX &&
	    m->generations->state != GENERATION_STARTING)
		begin(m);
}
