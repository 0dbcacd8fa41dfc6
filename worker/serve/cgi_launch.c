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
#include "worker/serve/cgi_spawn.h"

#define SHEBANG_MAX	256	/* of a first line, as the kernel reads it */

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
	if (t->folder == NULL)
		return fcntl(t->dir, F_DUPFD_CLOEXEC, 3);
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
	e->in = cgi_feed_stdin(s);
	if (e->in == -1)
		return "the request's body";
	if (open_pipe(e->out) == -1 || open_pipe(e->err) == -1)
		return "pipe";
	return NULL;
}

/* The part of a start that only the script goes on using. */
static void
close_ends(const struct ends *e)
{
	close_if(e->folder);
	close_if(e->in);
	close_if(e->out[1]);
	close_if(e->err[1]);
}

/* The interpreter that a script's first line names; false when there is no
 * such line. */
static bool
read_shebang(int folder, const char *exec, char line[SHEBANG_MAX])
{
	ssize_t n;
	char *p;
	int fd;

	fd = openat(folder, exec, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, line, SHEBANG_MAX - 1);
	(void)close(fd);
	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	p = line + 2 + strspn(line + 2, " \t");
	memmove(line, p, strlen(p) + 1);
	line[strcspn(line, " \t\n")] = '\0';
	return true;
}

/* For execve, ENOENT is as often the interpreter as the script. */
static void
explain_exec(const struct cgi_script *s, int folder, int error)
{
	char line[SHEBANG_MAX];
	size_t n;

	if (error == ENOEXEC) {
		log_error("script %s cannot be run: it is no program of this "
		    "machine and has no #! line", s->name);
		return;
	}
	if (error != ENOENT || s->target.interpreter != NULL ||
	    !read_shebang(folder, s->target.exec, line)) {
		log_error("script %s cannot be run: %s: %s", s->name,
		    s->target.interpreter != NULL ? s->target.interpreter :
		    s->target.filename, strerror(error));
		return;
	}
	n = strlen(line);
	log_error("script %s cannot be run: its #! line names the interpreter "
	    "%s, which does not exist%s", s->name, line,
	    n > 0 && line[n - 1] == '\r' ?
	    " (the line ends in CR LF: save the script with LF alone)" : "");
}

static void
explain(const struct cgi_script *s, const struct ends *e,
    const struct cgi_spawn_failure *why)
{
	if (strcmp(why->step, "execve") == 0)
		explain_exec(s, e->folder, why->error);
	else
		log_error("script %s cannot be started: %s: %s", s->name,
		    why->step, strerror(why->error));
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
		    .out = e->out[1], .err = e->err[1], .limits = s->conf };
		s->pid = cgi_spawn(&spawn, &why);
		if (s->pid != -1)
			return 0;
		s->pid = 0;
	}
	explain(s, e, &why);
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
		log_warn("script %s: no descriptors left for it", s->name);
		return 503;
	}
	s->paid = true;
	env = cgi_env(s->request, &s->target, s->body.n);
	if (env == NULL)
		return 503;
	status = spawn(s, env, &e);
	close_ends(&e);
	if (status == 0)
		return adopt(s, &e);
	close_if(e.out[0]);
	close_if(e.err[0]);
	return status;
}
