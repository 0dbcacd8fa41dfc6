/*
 * The dead worker's scoreboard, copied slot by slot, cut and escaped.
 */
#include "master/autopsy.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/scoreboard.h"
#include "master/generation.h"
#include "master/logs.h"

/* Each byte may become six, in JSON, and a NUL. */
#define ESCAPED(n)	(6 * (n) + 1)

/* One request as text that is safe to log. */
struct victim {
	char peer[NET_ADDR_TEXT];
	char method[ESCAPED(SCORE_METHOD)];
	char target[ESCAPED(SCORE_TARGET)];
	unsigned status;
	const char *phase;
};

/* As room for dst there is ESCAPED(max). */
static void
escape(char *dst, const char *p, size_t max, bool json)
{
	size_t n = strnlen(p, max);

	n = json ? log_escape_json(dst, ESCAPED(max) - 1, p, n) :
	    log_escape(dst, ESCAPED(max) - 1, p, n);
	dst[n] = '\0';
}

/* Reads slot i; false when it is free. */
static bool
read_slot(const struct worker_process *w, size_t i, bool json,
    struct victim *v)
{
	struct score_request copy;

	/* The writer is dead, but what it mapped may be mapped elsewhere: look
	 * at the copy only. */
	memcpy(&copy, &w->shm.score->request[i], sizeof(copy));
	if (copy.phase == SCORE_FREE)
		return false;
	(void)net_addr_host(&copy.peer, v->peer);
	escape(v->method, copy.method, sizeof(copy.method), json);
	escape(v->target, copy.target, sizeof(copy.target), json);
	v->status = copy.status < 1000 ? copy.status : 0;
	v->phase = score_phase_name(copy.phase);
	return true;
}

static void
report_requests(const struct worker_process *w)
{
	struct victim v;
	size_t i;

	for (i = 0; i < SCORE_REQUESTS; i++)
		if (read_slot(w, i, false, &v))
			log_warn("worker %u was serving %s: \"%s %s\" (%s)",
			    w->slot, v.peer, v.method, v.target, v.phase);
}

/* "after 12.3 s" */
static void
format_life(const struct worker_process *w, char text[32])
{
	int64_t us = mono_us(w->started, clock_now());

	(void)snprintf(text, 32, "%lld.%lld s", (long long)(us / 1000000),
	    (long long)(us / 100000 % 10));
}

void
autopsy_report(const struct generation *g, const struct worker_process *w,
    int status, bool expected)
{
	char life[32];

	format_life(w, life);
	if (WIFSIGNALED(status))
		log_warn("worker %u (generation %u, process %ld) was killed "
		    "by signal %d (%s) after %s", w->slot, g->number,
		    (long)w->pid, WTERMSIG(status),
		    strsignal(WTERMSIG(status)), life);
	else if (!expected || WEXITSTATUS(status) != 0)
		log_warn("worker %u (generation %u, process %ld) ended by "
		    "itself with status %d after %s", w->slot, g->number,
		    (long)w->pid, WEXITSTATUS(status), life);
	else
		log_debug("worker %u (generation %u, process %ld) has finished "
		    "after %s", w->slot, g->number, (long)w->pid, life);
	report_requests(w);
}

static void
log_victim(struct logs *l, const struct conf *conf, const struct victim *v)
{
	enum conf_log_format format = conf->access_format;
	char line[LOG_LINE_MAX];
	int n;

	if (format == CONF_FORMAT_JSON)
		n = snprintf(line, sizeof(line),
		    "{\"time\":\"%s\",\"client\":\"%s\",\"method\":\"%s\","
		    "\"target\":\"%s\",\"status\":%u,\"bytes\":0,"
		    "\"killed\":true}\n", clock_iso_date(), v->peer,
		    v->method, v->target, v->status);
	else
		n = snprintf(line, sizeof(line),
		    "%s%s - - [%s] \"%s %s HTTP/1.1\" %03u 0%s killed\n",
		    format == CONF_FORMAT_VHOST ? "-:0 " : "", v->peer,
		    clock_log_date(), v->method, v->target, v->status,
		    format == CONF_FORMAT_COMMON ? "" :
		    format == CONF_FORMAT_CGI ? " \"-\" \"-\" - - -" :
		    " \"-\" \"-\"");
	if (n > 0 && (size_t)n < sizeof(line))
		logfile_put(&l->access, line, (size_t)n);
}

void
autopsy_log_requests(struct logs *l, const struct generation *g,
    const struct worker_process *w)
{
	bool json = g->conf->access_format == CONF_FORMAT_JSON;
	struct victim v;
	size_t i;

	for (i = 0; i < SCORE_REQUESTS; i++)
		if (read_slot(w, i, json, &v))
			log_victim(l, g->conf, &v);
}
