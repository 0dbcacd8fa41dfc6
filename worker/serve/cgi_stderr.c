/*
 * cgi_stderr: a script's standard error, line by line in the error log.
 *
 * It is read always, so that a script never blocks on it, but only the first
 * 16 KiB are kept.
 */
#include "worker/serve/cgi_script.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/loop.h"

#define KEPT_MAX	16384	/* bytes kept of one script */
#define PIECE_MAX	900	/* of a long line; its escapes fit a log line */
#define READ_MAX	4096
#define LAST_READS	32	/* a full pipe, when the script is gone */

/* Logs the first n bytes kept, in pieces that a line of the log can hold. */
static void
log_line(struct cgi_script *s, size_t n)
{
	size_t piece;

	while (n > 0) {
		piece = n < PIECE_MAX ? n : PIECE_MAX;
		log_warn("script %s: %.*s", s->name, (int)piece,
		    buf_head(&s->complaint));
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

static void
keep(struct cgi_script *s, const char *p, size_t n)
{
	size_t kept;

	if (s->conf->stderr_mode == CONF_STDERR_OFF)
		return;
	kept = KEPT_MAX - s->complaint_kept;
	if (kept > n)
		kept = n;
	if (buf_put(&s->complaint, p, kept) == -1)
		kept = 0;
	s->complaint_kept += kept;
	s->complaint_dropped += n - kept;
	if (s->conf->stderr_mode == CONF_STDERR_ALWAYS)
		log_lines(s, false);
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
	if (n == 0 || (n == -1 && errno != EAGAIN)) {
		loop_forget(cgi_worker.loop, s->err);
		(void)close(s->err);
		s->err = -1;
	}
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

int
cgi_stderr_start(struct cgi_script *s)
{
	return loop_watch(cgi_worker.loop, s->err, LOOP_READ, on_stderr, s);
}

void
cgi_stderr_close(struct cgi_script *s)
{
	int i;

	for (i = 0; i < LAST_READS && s->err != -1 && take(s); i++)
		continue;
	if (s->err == -1)
		return;
	loop_forget(cgi_worker.loop, s->err);
	(void)close(s->err);
	s->err = -1;
}

void
cgi_stderr_report(struct cgi_script *s, bool failed)
{
	if (s->conf->stderr_mode == CONF_STDERR_OFF ||
	    (s->conf->stderr_mode != CONF_STDERR_ALWAYS && !failed))
		return;
	log_lines(s, true);
	if (s->complaint_dropped > 0)
		log_warn("script %s: %llu bytes dropped of what it wrote to "
		    "standard error", s->name,
		    (unsigned long long)s->complaint_dropped);
}
