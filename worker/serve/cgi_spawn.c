/*
 * cgi_spawn: from a program's name to a running process.
 *
 * vfork, because a plain fork of a worker with 20 MB costs three times as
 * much. The child borrows our memory until it executes: it calls nothing but
 * system calls, and what it finds out it says in a variable of ours.
 */
#include "worker/serve/cgi_spawn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/cdefs.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/sig.h"
#include "worker/serve/cgi_fence.h"
#include "worker/serve/cgi_share.h"

/* The limits that are lowered. */
static const int lowered[] = { RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE,
    RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_SIGPENDING, RLIMIT_CORE };

#define NLOWERED	(sizeof(lowered) / sizeof(lowered[0]))

/* What a child would have to ask the kernel for each time anew. */
static struct {
	pid_t pid;
	int nice;
	int fence;			/* owned; -1 = none */
	struct rlimit own[NLOWERED];
} worker = { .fence = -1 };

/* Lowers a limit to n, the hard one to n + grace; 0 leaves it. */
static struct rlimit
lower(struct rlimit limit, uint64_t n, uint64_t grace)
{
	if (n == 0)
		return limit;
	if (limit.rlim_max > n + grace)
		limit.rlim_max = n + grace;
	limit.rlim_cur = limit.rlim_max < n ? limit.rlim_max : n;
	return limit;
}

static int
set_limits(const struct cgi_spawn *s)
{
	const struct conf_cgi *conf = s->limits;
	/* In the order of the table. At the limit of its time a script gets
	 * SIGXCPU, which says what it is; KILL is for who ignores it. */
	const uint64_t to[NLOWERED] = { conf->cpu_s, conf->memory, conf->fsize,
	    CGI_NOFILE, s->tasks, CGI_SIGPENDING };
	struct rlimit limit;
	size_t i;

	for (i = 0; i < NLOWERED; i++) {
		limit = lower(worker.own[i], to[i], lowered[i] == RLIMIT_CPU);
		if (lowered[i] == RLIMIT_CORE)
			limit = (struct rlimit){ 0, 0 };
		if ((limit.rlim_cur != worker.own[i].rlim_cur ||
		    limit.rlim_max != worker.own[i].rlim_max) &&
		    setrlimit(lowered[i], &limit) == -1)
			return -1;
	}
	return 0;
}

/* The kernel kills us when the worker dies; it may have done so already. */
static int
die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return -1;
	if (getppid() != parent)
		_exit(127);
	return 0;
}

/* What the child needs; it is on the stack of who waits for it. */
struct child {
	const struct cgi_spawn *s;
	char **argv;
	bool shares;			/* the worker's descriptors */
	volatile struct cgi_spawn_failure *why;
};

static int
set_stdio(const struct child *c)
{
	int fds[3] = { c->s->in, c->s->out, c->s->err };

	/* Before anything is closed or replaced: it is not ours yet. */
	if (c->shares && cgi_share_leave(fds) == -1)
		return -1;
	if (dup2(fds[0], STDIN_FILENO) == -1 ||
	    dup2(fds[1], STDOUT_FILENO) == -1 ||
	    dup2(fds[2], STDERR_FILENO) == -1)
		return -1;
	/* All of them close on exec; this is for what a library forgot. A
	 * kernel without the call does not matter then. */
	if (close_range(STDERR_FILENO + 1, ~0u, 0) == -1 && errno != ENOSYS)
		return -1;
	return 0;
}

/* NULL, or what failed, with errno. */
static const char *
prepare(const struct child *c)
{
	const struct cgi_spawn *s = c->s;
	sigset_t nothing;

	if (setsid() == -1)
		return "setsid";
	/* Before the mask: our handlers must never run in here. */
	sig_default_ours();
	if (set_limits(s) == -1)
		return "setrlimit";
	if (setpriority(PRIO_PROCESS, 0, worker.nice + CGI_NICE) == -1)
		return "setpriority";
	(void)umask(077);
	if (die_with(worker.pid) == -1)
		return "prctl";
	if (fchdir(s->folder) == -1)
		return "fchdir";
	/* It has a descriptor. */
	if (worker.fence != -1 && cgi_fence_enter(worker.fence) == -1)
		return "landlock_restrict_self";
	if (set_stdio(c) == -1)
		return "dup2";
	(void)sigemptyset(&nothing);
	if (sigprocmask(SIG_SETMASK, &nothing, NULL) == -1)
		return "sigprocmask";
	return NULL;
}

noreturn static void
run_child(const struct child *c)
{
	const char *step;

	step = prepare(c);
	if (step == NULL) {
		(void)execve(c->s->exec, c->argv, c->s->env);
		step = "execve";
	}
	c->why->error = errno;
	c->why->step = step;
	_exit(127);
}

static int
child_main(void *arg)
{
	run_child(arg);
}

/* Alone, so that the compiler has nothing to keep in registers that the child
 * might spoil. */
static pid_t
start_child(struct child *c)
{
	pid_t pid;

	if (c->shares)
		return cgi_share_fork(child_main, c);
	pid = vfork();
	if (pid == 0)
		run_child(c);
	return pid;
}

void
cgi_spawn_open(void)
{
	size_t i;

	worker.pid = getpid();
	errno = 0;
	worker.nice = getpriority(PRIO_PROCESS, 0);
	if (worker.nice == -1 && errno != 0)
		worker.nice = 0;
	for (i = 0; i < NLOWERED; i++)
		if (getrlimit(lowered[i], &worker.own[i]) == -1)
			worker.own[i] = (struct rlimit){ RLIM_INFINITY,
			    RLIM_INFINITY };
	cgi_share_open();
	worker.fence = cgi_fence_open();
	if (worker.fence == -1)
		log_debug("scripts can signal this worker: no Landlock scopes, "
		    "or no sandbox");
}

void
cgi_spawn_close(void)
{
	if (worker.fence != -1)
		(void)close(worker.fence);
	worker.fence = -1;
	cgi_share_close();
}

pid_t
cgi_spawn(const struct cgi_spawn *s, struct cgi_spawn_failure *why)
{
	volatile struct cgi_spawn_failure said = { NULL, 0 };
	char *argv[2];
	struct child child = { s, argv, cgi_share_pays(s->descriptors),
	    &said };
	pid_t pid;

	assert(worker.pid != 0);
	assert(s->in > 2 && s->out > 2 && s->err > 2);
	/* RFC 3875 4.4: words of the query are no arguments here. execve does
	 * not write to them. */
	argv[0] = __DECONST(char *, s->exec);
	argv[1] = NULL;
	pid = start_child(&child);
	if (pid == -1) {
		why->step = "fork";
		why->error = errno;
		return -1;
	}
	why->step = said.step;
	why->error = said.error;
	if (said.step == NULL)
		return pid;
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return -1;
}
