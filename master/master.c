/*
 * The master's life: start, one turn after the other, end.
 */
#include "master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/proc.h"
#include "common/sig.h"
#include "master/authspawn.h"
#include "master/channel.h"
#include "master/config.h"
#include "master/generation.h"
#include "master/logwriter.h"
#include "master/notify.h"
#include "master/reap.h"
#include "master/rekey.h"
#include "master/reload.h"
#include "master/spawn.h"
#include "master/watchdog.h"
#include "worker/worker.h"

/* SIGQUIT: workers listen on before they finish, and an idle one has to end. */
#define LISTEN_MS	(WORKER_SILENT_MS + 200)

/* SIGTERM: workers have this long until SIGKILL, and the master in all. */
#define STOP_MS		1500
#define END_MS		2000

struct generation *
master_serving(const struct master *m)
{
	struct generation *g = m->generations;

	while (g != NULL && g->state != GENERATION_SERVING)
		g = g->next;
	return g;
}

/* --- the end --- */

void
master_stop(struct master *m)
{
	struct generation *g;

	if (m->state == MASTER_STARTING)
		m->status = EXIT_FAILURE;
	if (m->state != MASTER_STOPPING)
		m->end_by = mono_add_ms(clock_now(), END_MS);
	for (g = m->generations; g != NULL; g = g->next) {
		g->state = GENERATION_ENDING;
		listen_close(&g->listens);
		if (m->state == MASTER_STOPPING)
			generation_tell(g, SIGKILL, 0);
		else
			generation_tell(g, SIGTERM, STOP_MS);
	}
	if (m->state != MASTER_STOPPING) {
		log_info("stopping");
		notify_stopping();
	}
	m->state = MASTER_STOPPING;
	reload_cancel(m);
}

static void
quit(struct master *m)
{
	struct generation *g;

	if (m->state == MASTER_STARTING)
		master_stop(m);
	if (m->state != MASTER_SERVING)
		return;
	log_info("stopping when all requests are answered");
	notify_stopping();
	m->state = MASTER_QUITTING;
	reload_cancel(m);
	for (g = m->generations; g != NULL; g = g->next) {
		listen_end(&g->listens);
		generation_drain(g, LISTEN_MS + g->conf->drain_ms);
	}
}

/* Nobody is left, or SIGTERM was long enough ago. */
static bool
is_over(struct master *m)
{
	bool late;

	if (m->state != MASTER_QUITTING && m->state != MASTER_STOPPING)
		return false;
	if (m->generations == NULL && !mono_is_set(m->end_by))
		m->end_by = mono_add_ms(clock_now(), END_MS);
	late = mono_is_set(m->end_by) && !mono_before(clock_now(), m->end_by);
	return late || (m->generations == NULL && !m->orphans);
}

/* --- signals --- */

void
master_reopen_logs(struct master *m)
{
	logs_reopen(&m->logs);
	reload_hand_out_logs(m, m->generations);
	log_info("logs reopened");
}

static void
grow(struct master *m)
{
	struct generation *g = master_serving(m);

	if (g == NULL || generation_grow(g) == NULL)
		log_warn("there cannot be more workers");
	else
		log_info("one worker more");
}

static void
shrink(struct master *m)
{
	struct generation *g = master_serving(m);

	if (g != NULL) {
		log_info("one worker fewer, if there are two");
		generation_shrink(g, g->conf->drain_ms);
	}
}

/* In this order: what ends the server outweighs what changes it. */
static void
take_signals(struct master *m)
{
	bool hup = sig_take(SIGHUP), term = sig_take(SIGTERM);

	if (sig_take(SIGINT) || term || (hup && m->terminal))
		master_stop(m);
	if (sig_take(SIGQUIT))
		quit(m);
	if (hup && !m->terminal)
		reload_wish(m);
	if (sig_take(SIGUSR1))
		master_reopen_logs(m);
	if (sig_take(SIGUSR2))
		log_warn("SIGUSR2 is ignored");
	if (sig_take(SIGTTIN))
		grow(m);
	if (sig_take(SIGTTOU))
		shrink(m);
}

static void
catch_signals(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
	    SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGCHLD };
	size_t i;

	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sig_catch(caught[i]);
}

/* --- life --- */

/* The duties, in an order that must not change: the dead are looked at when
 * all they said has been heard and it is known whether we end (a signal to the
 * whole group ends them too, and is no fault of theirs), places are filled when
 * it is known who lives and what is asked for, and generations change last. */
static void
turn(struct master *m)
{
	channel_wait(m);
	m->more_lines = logwriter_drain(&m->logs, m->generations);
	logs_report(&m->logs);
	take_signals(m);
	if (sig_take(SIGCHLD))
		reap_dead(m);
	control_step(m);
	spawn_due(m);
	authspawn_step(m);
	reap_orphans(m);
	watchdog_check(m);
	watchdog_escalate(m);
	rekey_step(m);
	reload_step(m);
}

static int
open_logs(struct master *m, const struct conf *conf)
{
	struct conf_errors errors = { .n = 0 };
	int rc = logs_open(&m->logs, conf, m->options->foreground,
	    &errors);

	/* There is no log yet to say it in. */
	if (rc == -1)
		(void)fwrite(buf_head(&errors.text), 1, buf_len(&errors.text),
		    stderr);
	conf_errors_free(&errors);
	if (rc == -1)
		return -1;
	/* Until all is well whoever started us sees what is wrong, also when
	 * the log is elsewhere. */
	m->logs.echo = m->logs.error.kind != CONF_LOG_STDOUT &&
	    m->logs.error.kind != CONF_LOG_STDERR;
	logs_attach(&m->logs);
	return 0;
}

static int
open_tally(struct master *m)
{
	m->peers = peers_open();
	m->shares = shares_open();
	if (m->peers != NULL && m->shares != NULL &&
	    tally_open(&m->spooled) == 0)
		return 0;
	log_error("no memory to share with workers: %s", strerror(errno));
	return -1;
}

/* Takes over conf. 0, or -1 with the reason logged. */
static int
start(struct master *m, struct conf *conf)
{
	bool pidfile = config_wants_pidfile(m->options, conf);

	log_set_role("master");
	m->started = clock_now();
	if ((!m->options->foreground && daemon_detach(&m->daemon) == -1) ||
	    (pidfile && daemon_lock(&m->daemon, conf) == -1) ||
	    open_logs(m, conf) == -1 || open_tally(m) == -1 ||
	    rekey_open(m) == -1 ||
	    door_open(&m->control.door, conf, pidfile) == -1) {
		conf_free(conf);
		return -1;
	}
	catch_signals();
	proc_become_subreaper();
	reap_spare_present();
	priv_protect_from_oom();
	m->terminal = m->options->foreground && isatty(STDIN_FILENO) &&
	    isatty(STDERR_FILENO);
	m->state = MASTER_STARTING;
	return reload_first(m, conf);
}

static void
finish(struct master *m)
{
	struct generation *g;

	while ((g = m->generations) != NULL) {
		m->generations = g->next;
		generation_free(g);
	}
	if (m->state == MASTER_QUITTING || m->state == MASTER_STOPPING)
		log_info("stopped");
	logs_attach(NULL);
	logs_close(&m->logs);
	fdset_free(&m->readable);
	tally_close(&m->spooled);
	shares_close(m->shares);
	peers_close(m->peers);
	rekey_close(m);
	/* While the pid file is ours no other master has put a socket there. */
	control_close(&m->control);
	daemon_end(&m->daemon);
}

int
master_run(const struct master_options *options, struct conf *conf,
    const struct identity *who)
{
	struct master m = { .options = options, .identity = *who,
	    .daemon = { .report = -1, .pidfile = -1 },
	    .control.door = { .fd = -1, .named = -1 },
	    .logs = { .access = { .fd = -1 }, .error = { .fd = -1 } } };

	clock_update();
	if (start(&m, conf) == -1)
		m.status = EXIT_FAILURE;
	else
		while (!is_over(&m))
			turn(&m);
	finish(&m);
	return m.status;
}
