/*
 * A request that nobody sent, its script, and a report.
 */
#include "worker/serve/cgi_trial.h"

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/sig.h"
#include "worker/http/request.h"
#include "worker/http/status.h"
#include "worker/loop.h"
#include "worker/serve/cgi.h"
#include "worker/serve/cgi_address.h"
#include "worker/serve/cgi_script.h"
#include "worker/serve/cgi_spawn.h"
#include "worker/serve/route.h"

#define BODY_SHOWN	65536	/* bytes of an answer's body that are shown */
#define REROUTES_MAX	4	/* from a folder to its index */

enum {
	EXIT_USAGE = 2
};

/* All of a trial; there is one in a process. */
static struct {
	struct client_info client;
	struct request *r;		/* owned; NULL once it is answered */
	struct buf complaint;		/* owned: what came of stderr */
	struct buf answer;		/* owned: the body's beginning */
	uint64_t complained;		/* bytes */
	uint64_t answered;
	int status;			/* of the answer */
	bool cut;			/* it has no proper end */
	bool ended;			/* the script; then also: */
	int exit_code;
	int exit_status;
	bool abandoned;			/* it was ended by us */
	struct script_use use;
} trial;

/* --- what is shown --- */

static void
show_text(const char *title, const struct buf *text, uint64_t n)
{
	size_t len = buf_len(text);

	(void)printf("%s %llu bytes\n", title, (unsigned long long)n);
	if (len == 0)
		return;
	(void)fwrite(buf_head(text), 1, len, stdout);
	if (buf_head(text)[len - 1] != '\n')
		(void)printf("\n");
	if (n > len)
		(void)printf("... and %llu more\n",
		    (unsigned long long)n - len);
}

static void
show_user(void)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = getgrgid(getegid());

	(void)printf("user        %s (%u), group %s (%u)\n",
	    user == NULL ? "?" : user->pw_name, (unsigned)geteuid(),
	    group == NULL ? "?" : group->gr_name, (unsigned)getegid());
}

static void
show_limits(const struct conf_cgi *c)
{
	(void)printf("limits      timeout %lldms %lldms, cpu %llus, "
	    "memory %lluk, fsize %lluk, %d descriptors, nice +%d\n",
	    (long long)c->first_byte_ms, (long long)c->total_ms,
	    (unsigned long long)c->cpu_s, (unsigned long long)c->memory / 1024,
	    (unsigned long long)c->fsize / 1024, CGI_NOFILE, CGI_NICE);
}

/* The witness's, from here. */
static void
show_start(const struct cgi_script *s, char **env)
{
	const struct cgi_target *t = &s->target;
	const char *end = strrchr(t->filename, '/');
	size_t i;

	(void)printf("script      %s\n", t->filename);
	if (t->interpreter != NULL)
		(void)printf("with        %s\n", t->interpreter);
	(void)printf("folder      %.*s\n", (int)(end - t->filename),
	    t->filename);
	show_user();
	show_limits(s->conf);
	(void)printf("environment\n");
	for (i = 0; env[i] != NULL; i++)
		(void)printf("    %s\n", env[i]);
	(void)fflush(stdout);
}

static void
take_error(const char *p, size_t n)
{
	size_t room = BODY_SHOWN - buf_len(&trial.complaint);

	trial.complained += n;
	(void)buf_put(&trial.complaint, p, n < room ? n : room);
}

static void
take_end(const struct cgi_script *s)
{
	trial.ended = true;
	trial.exit_code = s->exit_code;
	trial.exit_status = s->exit_status;
	trial.abandoned = s->abandoned;
	trial.use = s->use;
}

static const struct cgi_witness witness = { show_start, take_error,
    take_end };

/* Behind the answer, whichever of them was complete first. */
static void
show_end(void)
{
	const struct script_use *use = &trial.use;

	if (!trial.ended)
		return;
	show_text("stderr     ", &trial.complaint, trial.complained);
	if (trial.exit_code == CLD_EXITED)
		(void)printf("exit        status %d", trial.exit_status);
	else
		(void)printf("exit        signal %d (%s)", trial.exit_status,
		    strsignal(trial.exit_status));
	(void)printf("%s\ntime        %.6f s, CPU %.6f s\n"
	    "memory      %s%llu KiB\n",
	    trial.abandoned ? ", ended by pyked" : "",
	    (double)use->wall_us / 1e6, (double)use->cpu_us / 1e6,
	    use->peak_known ? "" : "less than ",
	    (unsigned long long)use->peak_kb);
}

static void
show_head(const struct request *r)
{
	const struct response *res = &r->response;
	struct str reason = status_reason(res->status);

	if (res->raw.n > 0) {
		(void)printf("header, its own\n%.*s", (int)res->raw.n,
		    res->raw.p);
		return;
	}
	(void)printf("header\n    Status: %d %.*s\n", res->status,
	    (int)reason.n, reason.p);
	if (res->type != NULL)
		(void)printf("    Content-Type: %s\n", res->type);
	if (res->location != NULL)
		(void)printf("    Location: %s\n", res->location);
	if (res->length >= 0)
		(void)printf("    Content-Length: %lld\n",
		    (long long)res->length);
	for (size_t i = 0, n = buf_len(&res->fields); i < n; i++) {
		const char *line = buf_head(&res->fields) + i;
		size_t len = (size_t)((const char *)memchr(line, '\r', n - i) -
		    line);

		(void)printf("    %.*s\n", (int)len, line);
		i += len + 1;
	}
}

/* --- the run --- */

/* A script may lead to a file of this server, which has no bytes in memory. */
static void
take_span(const struct span *span)
{
	char p[4096];
	size_t room = BODY_SHOWN - buf_len(&trial.answer);
	ssize_t n = (ssize_t)(span->n < room ? span->n : room);

	trial.answered += span->n;
	if (span->p != NULL) {
		(void)buf_put(&trial.answer, span->p, (size_t)n);
		return;
	}
	n = pread(span->fd, p, (size_t)n < sizeof(p) ? (size_t)n : sizeof(p),
	    span->off);
	if (n > 0)
		(void)buf_put(&trial.answer, p, (size_t)n);
}

/* What there is of the answer; the request goes with its end. */
static void
take_answer(struct request *r)
{
	struct source *source = r->response.source;
	enum source_result result = SOURCE_END;
	struct span span;

	while (source != NULL &&
	    (result = source->ops->next(source, &span)) == SOURCE_MORE)
		take_span(&span);
	if (result == SOURCE_WAIT)
		return;
	trial.cut = result == SOURCE_FAIL;
	trial.status = r->response.status;
	show_head(r);
	if (source != NULL)
		show_text("body       ", &trial.answer, trial.answered);
	if (trial.cut)
		(void)printf("            and no proper end\n");
	trial.r = NULL;
	request_free(r);
}

/* Never from within: the script may be in the middle of something. */
static void
wake(struct request *r)
{
	assert(r == trial.r);
}

static bool
has_more(void)
{
	if (trial.r != NULL && trial.r->response.status != 0)
		take_answer(trial.r);
	return trial.r != NULL || cgi_is_busy();
}

/* Until nothing is left of it, or somebody ends it. */
static void
run(struct loop *loop)
{
	const struct mono never = { 0 };

	while (has_more() && !sig_take(SIGINT) && !sig_take(SIGTERM)) {
		loop_turn(loop, cgi_next(never));
		cgi_tick(clock_now());
		if (sig_take(SIGCHLD))
			cgi_reap();
	}
	if (trial.r != NULL)
		request_free(trial.r);
	cgi_kill_all();
}

/* 0, or the status to fail with. */
static int
start(struct request *r, const char *body)
{
	int i, status = HANDLER_REROUTE;

	for (i = 0; i < REROUTES_MAX && status == HANDLER_REROUTE; i++) {
		/* A folder leads to its index, which may be a script. */
		status = r->handler->start(r);
		if (status == HANDLER_REROUTE)
			status = route_path(r) == 0 ? HANDLER_REROUTE : 404;
	}
	if (status == 0 && r->handler == &handler_cgi && r->sink != NULL) {
		status = r->sink->ops->put(r->sink, body, strlen(body));
		if (status == 0)
			status = r->sink->ops->end(r->sink);
	}
	return status;
}

int
cgi_trial(const struct conf *conf, struct loop *loop, const char *url,
    const char *body)
{
	struct request *r = cgi_address_request(conf, url, body,
	    &trial.client);

	if (r == NULL)
		return EXIT_USAGE;
	r->wake = wake;
	clock_update();
	trial.r = r;
	cgi_set_witness(&witness);
	trial.status = start(r, body);
	if (r->handler != &handler_cgi) {
		(void)fprintf(stderr, "pyked: %s: no script answers there\n",
		    url);
		request_free(r);
		return EXIT_USAGE;
	}
	if (trial.status != 0) {
		(void)printf("header\n    Status: %d\n", trial.status);
		request_free(r);
		trial.r = NULL;
	}
	run(loop);
	show_end();
	buf_free(&trial.complaint);
	buf_free(&trial.answer);
	return trial.cut || trial.status >= 500 ? EXIT_FAILURE : EXIT_SUCCESS;
}
