/*
 * cgi_stderr: a script's standard error, line by line in the error log.
 *
 * It is read always, so that a script never blocks on it, but only 16 KiB of
 * it are kept: the first when it is logged as it comes, the last when it is
 * for a script that failed, for that is where it says why.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/loop.h"

#define KEPT_MAX	16384	/* bytes kept of one script */
#define PIECE_MAX	900	/* of a long line; its escapes fit a log line */
#define READ_MAX	4096
#define LAST_READS	32	/* a full pipe, when the script is gone */
#define LISTEN_MS	10	/* of a script without a look at its errors */

/* Logs the first n bytes kept, in pieces that a line of the log can hold. */
static void
log_line(struct cgi_script *s, size_t n)
{
	bool always = s->conf->stderr_mode == CONF_STDERR_ALWAYS;
	size_t piece;

	while (n > 0) {
		piece = n < PIECE_MAX ? n : PIECE_MAX;
		cgi_script_log(s, always ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
		    "%.*s", (int)piece, buf_head(&s->complaint));
		buf_take(&s->complaint, piece);
		n -= piece;
	}
}

/* Logs whole lines; with last set, also what has no end. A NUL, which would
 * hide what follows it, ends a line too. */
static void
log_lines(struct cgi_script *s, bool last)
{
	struct str rest;
	size_t n;

	for (;;) {
		rest = buf_str(&s->complaint);
		for (n = 0; n < rest.n && rest.p[n] != '\n' &&
		    rest.p[n] != '\0'; n++)
			continue;
		if (rest.n == 0 || (n == rest.n && !last))
			return;
		log_line(s, n);
		if (n < rest.n)
			buf_take(&s->complaint, 1);
	}
}

/* What is logged at once, up to the limit. */
static void
keep_first(struct cgi_script *s, const char *p, size_t n)
{
	size_t kept = KEPT_MAX - s->complaint_kept;

	if (kept > n)
		kept = n;
	if (buf_put(&s->complaint, p, kept) == -1)
		kept = 0;
	s->complaint_kept += kept;
	s->complaint_dropped += n - kept;
	log_lines(s, false);
}

/* What is logged when it has failed: the oldest goes first. */
static void
keep_last(struct cgi_script *s, const char *p, size_t n)
{
	size_t old = buf_len(&s->complaint);

	if (old + n > KEPT_MAX) {
		old = old + n - KEPT_MAX;
		buf_take(&s->complaint, old);
		s->complaint_dropped += old;
	}
	if (buf_put(&s->complaint, p, n) == -1)
		s->complaint_dropped += n;
}

static void
keep(struct cgi_script *s, const char *p, size_t n)
{
	if (cgi_worker.witness != NULL)
		cgi_worker.witness->error(p, n);
	if (s->conf->stderr_mode == CONF_STDERR_ALWAYS)
		keep_first(s, p, n);
	else if (s->conf->stderr_mode == CONF_STDERR_ON_FAILURE)
		keep_last(s, p, n);
}

static void
close_err(struct cgi_script *s)
{
	timeout_clear(&s->listen);
	loop_forget(cgi_worker.loop, s->err);
	(void)close(s->err);
	s->err = -1;
}

/* Takes one portion: false when there is none. */
static bool
take(struct cgi_script *s)
{
	char p[READ_MAX];
	ssize_t n;

	do {
		n = read(s->err, p, sizeof(p));
	} while (n == -1 && errno == EINTR);
	if (n > 0)
		keep(s, p, (size_t)n);
	if (n == 0 || (n == -1 && errno != EAGAIN))
		close_err(s);
	return n > 0;
}

static void
on_stderr(void *arg, enum loop_events ready)
{
	struct cgi_script *s = arg;

	(void)ready;
	assert(s->magic == CGI_MAGIC);
	(void)take(s);
}

/*
 * Most scripts are done by then, and the end of their errors would wake the
 * worker for nothing. Whoever has more to say than a pipe holds waits so long.
 */
int
cgi_stderr_start(struct cgi_script *s)
{
	timeout_set(&cgi_worker.listens, &s->listen,
	    mono_add_ms(clock_now(), LISTEN_MS));
	return loop_watch(cgi_worker.loop, s->err, LOOP_NONE, on_stderr, s);
}

/* The descriptor is known to the loop since the start, so this cannot fail. */
void
cgi_stderr_listen(struct timeout *t)
{
	struct cgi_script *s = cgi_script_of_listen(t);

	(void)loop_watch(cgi_worker.loop, s->err, LOOP_READ, on_stderr, s);
}

void
cgi_stderr_close(struct cgi_script *s)
{
	int i;

	for (i = 0; i < LAST_READS && s->err != -1 && take(s); i++)
		continue;
	if (s->err != -1)
		close_err(s);
}

void
cgi_stderr_report(struct cgi_script *s, bool failed)
{
	if (s->conf->stderr_mode == CONF_STDERR_OFF ||
	    (s->conf->stderr_mode != CONF_STDERR_ALWAYS && !failed))
		return;
	if (s->complaint_dropped > 0)
		cgi_script_log(s, LOG_LEVEL_WARN, "%llu bytes dropped of what "
		    "it wrote to standard error",
		    (unsigned long long)s->complaint_dropped);
	log_lines(s, true);
}
