/*
 * cgi_launch: gives a script its pipes and its environment, starts it, and
 * says clearly why one could not be started.
 *
 * Called by cgi when a script's turn to run has come.
 */
#include "worker/serve/cgi_script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/scoreboard.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/beneath.h"
#include "worker/serve/cgi_env.h"
#include "worker/serve/cgi_explain.h"
#include "worker/serve/cgi_spawn.h"

/* The descriptors of a start; -1 = not there. */
struct ends {
	int folder;
	int in;				/* the script's */
	int out[2];			/* ours to read, the script's */
	int err[2];
};

static void
close_if(int fd)
{
	if (fd != -1)
		(void)close(fd);
}

/* A pipe that a script writes to: our end does not block. */
static int
open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	return fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static int
open_folder(const struct cgi_target *t)
{
	/* Most scripts are in the folder that is open already. */
	if (t->folder == NULL || strcmp(t->folder, ".") == 0)
		return t->dir;
	return beneath_open(t->dir, t->folder, O_PATH | O_DIRECTORY,
	    t->symlinks);
}

/* NULL, or what could not be opened, with errno. */
static const char *
open_ends(struct cgi_script *s, struct ends *e)
{
	e->folder = open_folder(&s->target);
	if (e->folder == -1)
		return "its folder";
	e->in = s->body.n == 0 ? cgi_worker.null : cgi_feed_stdin(s);
	if (e->in == -1)
		return "the request's body";
	if (open_pipe(e->out) == -1 || open_pipe(e->err) == -1)
		return "pipe";
	return NULL;
}

/* The part of a start that only the script goes on using. */
static void
close_ends(const struct ends *e, const struct cgi_target *t)
{
	if (e->folder != t->dir)
		close_if(e->folder);
	if (e->in != cgi_worker.null)
		close_if(e->in);
	close_if(e->out[1]);
	close_if(e->err[1]);
}

/* What is short now may not be later. */
static int
status_of_start(int error)
{
	switch (error) {
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return 507;
	default:
		return 500;
	}
}

/* The tasks that a user of scripts' own may have; 0 = any number. All that
 * may run at once count, since the kernel counts all of them. */
static uint64_t
tasks(const struct cgi_script *s)
{
	uint64_t most = cgi_worker.conf->processes;

	if (cgi_worker.tasks == 0)
		return 0;
	if (s->conf->processes > most)
		most = s->conf->processes;
	return cgi_worker.tasks + most * CGI_TASKS;
}

/* 0 and s->pid, or a status. */
static int
spawn(struct cgi_script *s, char **env, struct ends *e)
{
	struct cgi_spawn_failure why = { NULL, 0 };
	struct cgi_spawn spawn;

	why.step = open_ends(s, e);
	why.error = errno;
	if (why.step == NULL) {
		spawn = (struct cgi_spawn){ .folder = e->folder,
		    .exec = s->target.exec, .env = env, .in = e->in,
		    .out = e->out[1], .err = e->err[1], .limits = s->conf,
		    .tasks = tasks(s), .descriptors = ledger_used() };
		s->pid = cgi_spawn(&spawn, &why);
		if (s->pid != -1)
			return 0;
		s->pid = 0;
	}
	cgi_explain_start(s, e->folder, &why);
	return status_of_start(why.error);
}

/* The process is there: from here on its record is what ends it. */
static int
adopt(struct cgi_script *s, const struct ends *e)
{
	s->state = CGI_HEAD;
	s->out = e->out[0];
	s->err = e->err[0];
	cgi_worker.running++;
	cgi_script_place(s)->running++;
	atomic_store(&cgi_worker.score->scripts, cgi_worker.running);
	if (cgi_reply_start(s) == -1 || cgi_stderr_start(s) == -1)
		return 503;
	return cgi_feed_start(s);
}

int
cgi_launch(struct cgi_script *s)
{
	struct ends e = { -1, -1, { -1, -1 }, { -1, -1 } };
	char **env;
	int status;

	if (!ledger_take(3)) {
		cgi_script_log(s, LOG_LEVEL_WARN, "no descriptors left for it "
		    "(ulimit -n)");
		return 503;
	}
	s->paid = true;
	env = cgi_env(s->request, &s->target, s->body.n);
	if (env == NULL)
		return 503;
	if (cgi_worker.witness != NULL)
		cgi_worker.witness->start(s, env);
	status = spawn(s, env, &e);
	close_ends(&e, &s->target);
	if (status == 0)
		return adopt(s, &e);
	close_if(e.out[0]);
	close_if(e.err[0]);
	return status;
}
