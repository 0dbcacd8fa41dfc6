/*
 * cgi_script: the record of one script and its two owners, the request and the
 * process.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/loop.h"
#include "worker/serve/cgi_log.h"

struct cgi_worker cgi_worker;

struct cgi_script *
cgi_script_new(struct request *r, const struct cgi_target *t)
{
	struct cgi_script *s;

	/* What is in buf counts only up to fill: 16 kB less to clear. */
	s = malloc(sizeof(*s));
	if (s == NULL)
		return NULL;
	memset(s, 0, offsetof(struct cgi_script, buf));
	s->name = strndup(t->script_name.p, t->script_name.n);
	if (s->name == NULL) {
		free(s);
		return NULL;
	}
	s->magic = CGI_MAGIC;
	(void)strlcpy(s->id, request_id(r), sizeof(s->id));
	s->request = r;
	s->conf = &r->location->cgi;
	s->target = *t;
	s->out = s->err = -1;
	TAILQ_INSERT_TAIL(&cgi_worker.scripts, s, all);
	if (++cgi_worker.records > cgi_worker.most)
		cgi_worker.most = cgi_worker.records;
	return s;
}

/* The record around a member of it. */
static struct cgi_script *
around(void *member, size_t offset)
{
	struct cgi_script *s;

	s = (void *)((char *)member - offset);
	assert(s->magic == CGI_MAGIC);
	return s;
}

struct cgi_script *
cgi_script_of_source(struct source *source)
{
	return around(source, offsetof(struct cgi_script, source));
}

struct cgi_script *
cgi_script_of_sink(struct sink *sink)
{
	return around(sink, offsetof(struct cgi_script, sink));
}

struct cgi_script *
cgi_script_of_limit(struct timeout *t)
{
	return around(t, offsetof(struct cgi_script, limit));
}

struct cgi_script *
cgi_script_of_listen(struct timeout *t)
{
	return around(t, offsetof(struct cgi_script, listen));
}

struct cgi_script *
cgi_script_of_grace(struct timeout *t)
{
	return around(t, offsetof(struct cgi_script, grace));
}

struct cgi_script *
cgi_script_of_end(struct timeout *t)
{
	return around(t, offsetof(struct cgi_script, end));
}

void
cgi_script_attach(struct cgi_script *s)
{
	assert(s->request->response.source == NULL);
	s->source.ops = &cgi_source_ops;
	s->has_source = true;
	s->request->response.source = &s->source;
}

void
cgi_script_over(struct cgi_script *s)
{
	if (s->state == CGI_QUEUED) {
		TAILQ_REMOVE(&cgi_worker.waiting, s, queue);
		cgi_script_place(s)->queued--;
	}
	s->request = NULL;
	s->sink.full = false;
	s->waiting = false;
	timeout_clear(&s->limit);
	timeout_clear(&s->grace);
	if (s->state == CGI_LINGER || s->state == CGI_ENDING)
		cgi_script_settle(s);
	else if (s->complete || cgi_reply_is_satisfied(s))
		cgi_session_linger(s);
	else
		cgi_session_end(s);
}

int
cgi_script_refuse(struct cgi_script *s, int status)
{
	struct response *response = &s->request->response;

	if (s->has_source) {
		s->has_source = false;
		response->source = NULL;
	}
	/* Nothing of what a script said before is sent. */
	buf_free(&response->fields);
	response->type = NULL;
	response->location = NULL;
	response->length = -1;
	if (status == 503)
		response->retry_after = CGI_RETRY_S;
	cgi_script_over(s);
	return status;
}

void
cgi_script_fail(struct cgi_script *s, int status)
{
	struct request *r = s->request;

	r->response.status = cgi_script_refuse(s, status);
	request_wake(r);
}

void
cgi_script_close_out(struct cgi_script *s)
{
	if (s->out == -1)
		return;
	loop_forget(cgi_worker.loop, s->out);
	(void)close(s->out);
	s->out = -1;
	s->watching = false;
}

struct cgi_place *
cgi_script_place(const struct cgi_script *s)
{
	assert(s->conf->place < cgi_worker.conf->places);
	return &cgi_worker.places[s->conf->place];
}

void
cgi_script_log(const struct cgi_script *s, enum log_level level,
    const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cgi_log(s->id, str_from(s->name), level, "%s", text);
}

/* Logs an end that is not a good one, unless it was told as the reason of a
 * bad answer; false when it is. */
static bool
log_exit(const struct cgi_script *s)
{
	char how[256];

	if (!cgi_verdict_exit(s, how, sizeof(how)))
		return false;
	if (!s->told)
		cgi_script_log(s, LOG_LEVEL_WARN, "%s", how);
	return true;
}

static void
free_script(struct cgi_script *s)
{
	cgi_script_close_out(s);
	cgi_stderr_close(s);
	timeout_clear(&s->limit);
	timeout_clear(&s->grace);
	timeout_clear(&s->end);
	TAILQ_REMOVE(&cgi_worker.scripts, s, all);
	cgi_worker.records--;
	cgi_body_free(&s->body);
	buf_free(&s->complaint);
	if (s->paid)
		ledger_give(3);
	free(s->name);
	s->magic = 0;
	free(s);
}

void
cgi_script_settle(struct cgi_script *s)
{
	bool failed;

	if (s->pid != 0 || s->request != NULL)
		return;
	if (!s->reported) {
		s->reported = true;
		failed = log_exit(s);
		cgi_stderr_report(s, failed || s->bad);
	}
	/* The sink is closed with its request, whatever came of the script. */
	if (!s->has_source && !s->has_sink)
		free_script(s);
}
