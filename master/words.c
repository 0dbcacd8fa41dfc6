/*
 * Each word finds the master of its configuration, asks it or signals it, and
 * waits for what comes of it.
 */
#include "master/words.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/sig.h"
#include "master/ask.h"
#include "master/ending.h"
#include "master/passwd.h"
#include "master/seek.h"
#include "master/trial.h"

/* Exit statuses of "status", as init scripts know them. */
enum {
	STATUS_NOT_RUNNING = 3,
	STATUS_UNKNOWN = 4,
	EXIT_USAGE = 2
};

/* The master's own limits, and some more. */
#define STOP_S		10
#define ANSWER_S	10
#define READY_S		20

/* A server, as far as it can be found. */
struct target {
	const struct words_args *args;
	struct conf *conf;		/* owned */
	struct sought master;		/* owned */
};

struct word {
	const char *name;
	int (*run)(const struct target *t);
	int missing;			/* the status when there is no server */
	const char *help;
};

/* --- the words --- */

static int
drain_s(const struct target *t)
{
	return (int)(t->conf->drain_ms / 1000) + 1;
}

static int
end_by(const struct target *t, int signo, int patience_s)
{
	int status = ending_wait(t->master.pid, signo, patience_s);

	if (status == EXIT_SUCCESS)
		(void)printf("pyked has stopped\n");
	return status;
}

static int
stop(const struct target *t)
{
	return end_by(t, SIGTERM, STOP_S);
}

static int
quit(const struct target *t)
{
	return end_by(t, SIGQUIT, STOP_S + drain_s(t));
}

static const char *
why_unreachable(int error)
{
	switch (error) {
	case ENOENT:
		return "it is not there (a restart makes it again)";
	case EAGAIN:
		return "nobody answers there";
	default:
		return strerror(error);
	}
}

/* What can be done where nobody answers. */
static int
tell_unreachable(const struct target *t, const char *signal_name)
{
	long pid = t->master.pid;
	int error = t->master.error;

	(void)fprintf(stderr, "pyked: process %ld runs, but its control socket "
	    "%s cannot be used: %s; ", pid, t->conf->control,
	    why_unreachable(error));
	if (error == EACCES || error == EPERM)
		(void)fprintf(stderr, "try it as root (sudo)\n");
	else
		(void)fprintf(stderr, "without it there is \"kill -%s %ld\", "
		    "and the error log\n", signal_name, pid);
	return EXIT_FAILURE;
}

static int
reload(const struct target *t)
{
	if (t->master.fd == -1)
		return tell_unreachable(t, "HUP");
	/* An older generation may have to end before. */
	return ask(t->master.fd, "reload", READY_S + drain_s(t), NULL);
}

static int
reopen(const struct target *t)
{
	if (t->master.fd == -1)
		return tell_unreachable(t, "USR1");
	return ask(t->master.fd, "reopen", ANSWER_S, NULL);
}

/* That it runs everybody may know; more is for those who may ask it. */
static int
status(const struct target *t)
{
	const struct sought *m = &t->master;
	char since[PIDFILE_TIME] = "";

	if (m->fd != -1)
		return ask(m->fd, "status", ANSWER_S, NULL);
	if (m->pidfile.pid == m->pid)
		pidfile_since(&m->pidfile, since);
	(void)printf("pyked runs: process %ld%s%s%s\n", (long)m->pid,
	    *since == '\0' ? "" : ", since ", since, m->error == EACCES ?
	    " (root can be told more: sudo)" : "");
	return EXIT_SUCCESS;
}

/* Defined by what stands behind them: no server is needed. */
static int	passwd(const struct target *t);
static int	help(const struct target *t);

static int
cgi(const struct target *t)
{
	return trial_run(t->args);
}

static const struct word words[] = {
	{ "reload", reload, EXIT_FAILURE,
	  "take the new configuration; says so, or why not" },
	{ "stop", stop, EXIT_SUCCESS, "end at once, scripts too" },
	{ "quit", quit, EXIT_SUCCESS,
	  "end when every request that has begun is answered" },
	{ "reopen", reopen, EXIT_FAILURE,
	  "open the log files again, after they were renamed" },
	{ "status", status, STATUS_NOT_RUNNING,
	  "say whether it runs, and how" },
	{ "cgi", cgi, EXIT_SUCCESS,
	  "run the script of a URL as a worker would, and show all of it" },
	{ "passwd", passwd, EXIT_SUCCESS,
	  "FILE USER: make or change an entry of a file for \"auth\"" },
	{ "help", help, EXIT_SUCCESS,
	  "list the directives of a configuration, or explain one" },
};

#define NWORDS	(sizeof(words) / sizeof(words[0]))

const struct word *
words_find(const char *name)
{
	size_t i;

	for (i = 0; i < NWORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

int
words_arguments(const struct word *word)
{
	return word->run == passwd ? 2 : word->run == help || word->run == cgi;
}

bool
words_take_body(const struct word *word)
{
	return word->run == cgi;
}

const char *
words_nearest(const char *name)
{
	const char *names[NWORDS];
	size_t i;

	for (i = 0; i < NWORDS; i++)
		names[i] = words[i].name;
	return conf_nearest(name, names, NWORDS);
}

void
words_list(FILE *to)
{
	size_t i;

	for (i = 0; i < NWORDS; i++)
		(void)fprintf(to, "  %-7s  %s\n", words[i].name,
		    words[i].help);
}

/* --- words for no server --- */

static int
passwd(const struct target *t)
{
	if (t->args->second != NULL)
		return passwd_run(t->args->argument, t->args->second);
	(void)fprintf(stderr, "usage: pyked passwd FILE USER\n");
	return EXIT_USAGE;
}

static void
print(struct buf *text)
{
	if (buf_len(text) > 0)
		(void)fwrite(buf_head(text), 1, buf_len(text), stdout);
	buf_free(text);
}

static int
tell_unknown(const char *name)
{
	struct str near = conf_help_nearest(name);

	(void)fprintf(stderr, "pyked: there is no directive \"%s\"", name);
	if (near.n > 0)
		(void)fprintf(stderr, "; did you mean \"%.*s\"?\n",
		    (int)near.n, near.p);
	else
		(void)fprintf(stderr, ": \"pyked help\" lists them all\n");
	return EXIT_USAGE;
}

static int
help(const struct target *t)
{
	const char *name = t->args->argument;
	const struct word *word = name == NULL ? NULL : words_find(name);
	struct buf text = { .p = NULL };

	if (name == NULL) {
		(void)printf("Words:\n");
		words_list(stdout);
		(void)printf("\nDirectives; \"pyked help NAME\" says more of "
		    "one:\n");
		(void)conf_help_list(&text);
	} else if (conf_help(name, &text) == -1 && word == NULL) {
		buf_free(&text);
		return tell_unknown(name);
	}
	if (word != NULL)
		(void)printf("pyked %s\n    %s\n", word->name, word->help);
	print(&text);
	return EXIT_SUCCESS;
}

/* --- finding the server --- */

/* A file that was named must be readable; without the default one a server
 * has the defaults. */
static int
load(struct target *t)
{
	const char *file = t->args->file;
	bool there = access(file, R_OK) == 0;

	if (!there && (t->args->required || errno != ENOENT)) {
		(void)fprintf(stderr, "pyked: %s: %s%s\n", file,
		    strerror(errno), errno == EACCES ?
		    "; try it as root (sudo)" : "");
		return -1;
	}
	t->conf = conf_load_anyhow(there ? file : NULL);
	if (t->conf == NULL)
		(void)fprintf(stderr, "pyked: out of memory\n");
	return t->conf == NULL ? -1 : 0;
}

static int
unknown(const struct word *word)
{
	return word->run == status ? STATUS_UNKNOWN : EXIT_FAILURE;
}

/* Where no road leads to a master. */
static int
tell_missing(const struct word *word, const struct target *t)
{
	const struct pidfile *p = &t->master.pidfile;
	bool stale = p->state == PIDFILE_STALE;

	if (p->state == PIDFILE_UNKNOWN)
		(void)fprintf(stderr, "pyked: cannot look at %s: %s%s\n",
		    t->conf->pidfile, strerror(p->error), p->error == EACCES ?
		    "; try it as root (sudo)" : "");
	else if (p->state == PIDFILE_HELD)
		(void)fprintf(stderr, "pyked: somebody holds %s and does not "
		    "say who\n", t->conf->pidfile);
	else
		(void)fprintf(word->missing == EXIT_FAILURE ? stderr : stdout,
		    "pyked is not running%s%s\n", stale ? "; it has left " :
		    "", stale ? t->conf->pidfile : "");
	return stale || p->state == PIDFILE_NONE ? word->missing :
	    unknown(word);
}

int
words_run(const struct word *word, const struct words_args *args)
{
	struct target t = { .args = args };
	int rc;

	/* Nothing of a server's is at stake: Ctrl-C may end this. */
	(void)sigprocmask(SIG_SETMASK, sig_wait_mask(), NULL);
	if (words_arguments(word) > 0)
		return word->run(&t);
	if (load(&t) == -1)
		return unknown(word);
	t.master = seek_master(args->file, t.conf);
	if (t.master.pid == 0)
		rc = tell_missing(word, &t);
	else
		rc = word->run(&t);
	seek_end(&t.master);
	conf_free(t.conf);
	return rc;
}
