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
#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/cdefs.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/sig.h"

#define CGI_NICE	5
#define CGI_NOFILE	256

/* Lowers a limit to n, the hard one to n + grace; 0 leaves it. */
static int
set_limit(int what, uint64_t n, uint64_t grace)
{
	struct rlimit limit;

	if (n == 0)
		return 0;
	if (getrlimit(what, &limit) == -1)
		return -1;
	if (limit.rlim_max > n + grace)
		limit.rlim_max = n + grace;
	limit.rlim_cur = limit.rlim_max < n ? limit.rlim_max : n;
	return setrlimit(what, &limit);
}

static int
set_limits(const struct conf_cgi *limits)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	/* SIGXCPU, which says what it is; KILL for who ignores it. */
	if (set_limit(RLIMIT_CPU, limits->cpu_s, 1) == -1 ||
	    set_limit(RLIMIT_DATA, limits->memory, 0) == -1 ||
	    set_limit(RLIMIT_FSIZE, limits->fsize, 0) == -1)
		return -1;
	return set_limit(RLIMIT_NOFILE, CGI_NOFILE, 0);
}

static int
be_nice(void)
{
	errno = 0;
	return nice(CGI_NICE) == -1 && errno != 0 ? -1 : 0;
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

static int
set_stdio(const struct cgi_spawn *s)
{
	if (dup2(s->in, STDIN_FILENO) == -1 ||
	    dup2(s->out, STDOUT_FILENO) == -1 ||
	    dup2(s->err, STDERR_FILENO) == -1)
		return -1;
	/* All of them close on exec; this is for what a library forgot. A
	 * kernel without the call does not matter then. */
	if (close_range(STDERR_FILENO + 1, ~0u, 0) == -1 && errno != ENOSYS)
		return -1;
	return 0;
}

/* NULL, or what failed, with errno. */
static const char *
prepare(const struct cgi_spawn *s, pid_t parent)
{
	sigset_t nothing;

	if (setsid() == -1)
		return "setsid";
	/* Before the mask: our handlers must never run in here. */
	sig_default_all();
	if (set_limits(s->limits) == -1)
		return "setrlimit";
	if (be_nice() == -1)
		return "nice";
	(void)umask(077);
	if (die_with(parent) == -1)
		return "prctl";
	if (fchdir(s->folder) == -1)
		return "fchdir";
	if (set_stdio(s) == -1)
		return "dup2";
	(void)sigemptyset(&nothing);
	if (sigprocmask(SIG_SETMASK, &nothing, NULL) == -1)
		return "sigprocmask";
	return NULL;
}

noreturn static void
run_child(const struct cgi_spawn *s, pid_t parent, char **argv,
    volatile struct cgi_spawn_failure *why)
{
	const char *step;

	step = prepare(s, parent);
	if (step == NULL) {
		(void)execve(s->exec, argv, s->env);
		step = "execve";
	}
	why->error = errno;
	why->step = step;
	_exit(127);
}

/* Alone, so that the compiler has nothing to keep in registers that the child
 * might spoil. */
static pid_t
start_child(const struct cgi_spawn *s, char **argv,
    volatile struct cgi_spawn_failure *why)
{
	const pid_t parent = getpid();
	pid_t pid;

	pid = vfork();
	if (pid == 0)
		run_child(s, parent, argv, why);
	return pid;
}

pid_t
cgi_spawn(const struct cgi_spawn *s, struct cgi_spawn_failure *why)
{
	volatile struct cgi_spawn_failure said = { NULL, 0 };
	char *argv[2];
	pid_t pid;

	assert(s->in > 2 && s->out > 2 && s->err > 2);
	/* RFC 3875 4.4: words of the query are no arguments here. execve does
	 * not write to them. */
	argv[0] = __DECONST(char *, s->exec);
	argv[1] = NULL;
	pid = start_child(s, argv, &said);
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
