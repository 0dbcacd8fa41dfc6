/*
 * cgi_verdict: a script that gave no proper answer. The client gets 502; the
 * log gets what was wrong with the answer, or how the script came to an end
 * before it had given one, and what mends it.
 *
 * Called by cgi_reply when the header block is bad or can never be complete,
 * and by cgi_session when the script is gone.
 */
#include "worker/serve/cgi_script.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "worker/http/parse.h"
#include "worker/serve/cgi_log.h"

#define SHOWN_MAX	60	/* bytes of a line that are shown */
#define M		((uint64_t)1 << 20)

/* --- how it ended --- */

/* What is said by interpreters and libraries that get no more. */
static bool
mentions_memory(const struct cgi_script *s)
{
	static const char *const words[] = { "ut of memory", "MemoryError",
	    "bad_alloc", "annot allocate memory", "emory exhausted" };
	struct str text = buf_str(&s->complaint);
	size_t i;

	for (i = 0; text.n > 0 && i < sizeof(words) / sizeof(words[0]); i++)
		if (memmem(text.p, text.n, words[i], strlen(words[i])) != NULL)
			return true;
	return false;
}

/* The kernel only ever told the script, so this is found out by what it said
 * and by how much it had. */
static bool
ran_out_of_memory(const struct cgi_script *s)
{
	return mentions_memory(s) || (s->conf->memory > 0 &&
	    s->use.peak_known &&
	    s->use.peak_kb >= s->conf->memory / 1024 / 8 * 7);
}

static void
describe_signal(const struct cgi_script *s, char *text, size_t size)
{
	const struct conf_cgi *conf = s->conf;

	if (s->exit_status == SIGXCPU || (s->exit_status == SIGKILL &&
	    (uint64_t)s->use.cpu_us >= conf->cpu_s * 1000000))
		(void)snprintf(text, size, "killed at its limit of %llu s of "
		    "processor time (cpu in cgi-limits)",
		    (unsigned long long)conf->cpu_s);
	else if (s->exit_status == SIGXFSZ)
		(void)snprintf(text, size, "killed at its limit of %llu bytes "
		    "a file (fsize in cgi-limits)",
		    (unsigned long long)conf->fsize);
	else
		(void)snprintf(text, size, "killed by signal %d (%s)%s",
		    s->exit_status, strsignal(s->exit_status),
		    s->exit_status == SIGKILL ? ", not by this server: was "
		    "the machine out of memory?" : "");
}

bool
cgi_verdict_exit(const struct cgi_script *s, char *text, size_t size)
{
	size_t n;

	if (!s->ran || s->abandoned ||
	    (s->exit_code == CLD_EXITED && s->exit_status == 0))
		return false;
	if (s->exit_code == CLD_EXITED)
		(void)snprintf(text, size, "exit status %d", s->exit_status);
	else
		describe_signal(s, text, size);
	n = strlen(text);
	if (ran_out_of_memory(s))
		(void)snprintf(text + n, size - n, ": it ran out of memory, of "
		    "which it may have %llu MiB (memory in cgi-limits)",
		    (unsigned long long)(s->conf->memory / M));
	return true;
}

/* --- what is wrong with its answer --- */

/* Is it what a header begins with, a name and a colon? */
static bool
is_field(struct str line)
{
	const char *colon = memchr(line.p, ':', line.n);

	return colon != NULL && http_is_token((struct str){ line.p,
	    (size_t)(colon - line.p) });
}

/* The first line of the output. */
static struct str
first_line(const struct cgi_script *s)
{
	const char *nl = memchr(s->buf, '\n', s->fill);

	return (struct str){ s->buf,
	    nl == NULL ? s->fill : (size_t)(nl - s->buf) };
}

static int
shown(struct str line)
{
	return (int)(line.n < SHOWN_MAX ? line.n : SHOWN_MAX);
}

static void
explain_end(struct cgi_script *s)
{
	struct str line = first_line(s);
	char how[256];

	s->told = cgi_verdict_exit(s, how, sizeof(how));
	if (s->told)
		cgi_script_log(s, LOG_LEVEL_ERROR, "%s, before its header was "
		    "complete: %s", how, buf_len(&s->complaint) > 0 ?
		    "it said why, see below" :
		    "try it with \"pyked cgi URL\"");
	else if (s->fill == 0)
		cgi_script_log(s, LOG_LEVEL_ERROR, "it ended without any "
		    "output: print a header (Content-Type: text/html), an "
		    "empty line and the page");
	else if (!is_field(line) && !s->nph)
		cgi_script_log(s, LOG_LEVEL_ERROR, "no header: its output "
		    "begins with \"%.*s\": print \"Content-Type: text/html\" "
		    "and an empty line before it", shown(line), line.p);
	else
		cgi_script_log(s, LOG_LEVEL_ERROR, "bad header: it ended "
		    "before its blank line: print an empty line between "
		    "header and page");
}

static void
fail(struct cgi_script *s)
{
	s->bad = true;
	cgi_script_fail(s, 502);
}

void
cgi_verdict_bad(struct cgi_script *s, const char *why, struct str line)
{
	if (line.n > 0 && line.p == s->buf && !is_field(line) && !s->nph)
		explain_end(s);
	else if (line.n > 0)
		cgi_script_log(s, LOG_LEVEL_ERROR, "bad header: %s: \"%.*s\": "
		    "a line of it is \"Name: value\", an empty line ends it",
		    why, shown(line), line.p);
	else
		cgi_script_log(s, LOG_LEVEL_ERROR, "bad header: %s%s", why,
		    s->fill == sizeof(s->buf) ?
		    ": is the empty line behind it missing?" : "");
	fail(s);
}

void
cgi_verdict_ended(struct cgi_script *s)
{
	/* How it ends says more than that it does. */
	if (s->pid != 0 && !s->exited && !s->headless) {
		s->headless = true;
		cgi_time_await_exit(s);
		return;
	}
	explain_end(s);
	fail(s);
}
