/* Starting programs: what they get, what a failure says, and that it is no
 * slower where there is much memory. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/sig.h"
#include "worker/serve/cgi_spawn.h"
#include "t/unit/tap.h"

#define GROWN	((size_t)200 << 20)
#define STARTS	60

static const struct conf_cgi limits = { .cpu_s = 5, .memory = 64 << 20,
    .fsize = 1 << 20 };
static char *env[] = { NULL, NULL };
static int null;

static struct cgi_spawn
ask(const char *exec, int out)
{
	return (struct cgi_spawn){ .folder = open("/bin", O_PATH | O_CLOEXEC),
	    .exec = exec, .env = env, .in = null, .out = out, .err = null,
	    .limits = &limits };
}

static void
test_failure(void)
{
	struct cgi_spawn_failure why = { NULL, 0 };
	struct cgi_spawn s = ask("./no-such-program", null);

	ok(cgi_spawn(&s, &why) == -1 && why.error == ENOENT &&
	    strcmp(why.step, "execve") == 0, "no program");
	ok(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
	    "nothing is left of it");
	(void)close(s.folder);
	s.folder = null;
	ok(cgi_spawn(&s, &why) == -1 && why.error == ENOTDIR &&
	    strcmp(why.step, "fchdir") == 0, "no folder");
}

static void
test_start(void)
{
	struct cgi_spawn_failure why = { NULL, 0 };
	struct cgi_spawn s;
	int fds[2], status;
	char said[64];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		abort();
	s = ask("./pwd", fds[1]);
	pid = cgi_spawn(&s, &why);
	(void)close(fds[1]);
	ok(pid > 0 && why.step == NULL, "a program");
	ok(getsid(pid) == pid && getpgid(pid) == pid, "leads its session");
	n = read(fds[0], said, sizeof(said) - 1);
	said[n < 0 ? 0 : n] = '\0';
	ok(strstr(said, "bin\n") != NULL, "is in its folder");
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0, "and ends well");
	(void)close(fds[0]);
	(void)close(s.folder);
}

/* The quickest of many, in microseconds: noise only ever adds. */
static double
quickest(void)
{
	struct cgi_spawn_failure why = { NULL, 0 };
	struct cgi_spawn s = ask("./true", null);
	struct timespec a, b;
	double best = 1e9, us;

	for (int i = 0; i < STARTS; i++) {
		(void)clock_gettime(CLOCK_MONOTONIC, &a);
		if (waitpid(cgi_spawn(&s, &why), NULL, 0) == -1)
			abort();
		(void)clock_gettime(CLOCK_MONOTONIC, &b);
		us = (double)(b.tv_sec - a.tv_sec) * 1e6 +
		    (double)(b.tv_nsec - a.tv_nsec) / 1e3;
		best = us < best ? us : best;
	}
	(void)close(s.folder);
	return best;
}

static void
test_grown(void)
{
	double before = quickest(), after, again;
	char *p = malloc(GROWN);
	int tries;

	if (p == NULL)
		abort();
	for (size_t i = 0; i < GROWN; i += 4096)
		p[i] = 1;
	after = quickest();
	/* Others may have come in between. */
	for (tries = 0; after >= before * 1.5 && tries < 20; tries++) {
		again = quickest();
		after = again < after ? again : after;
	}
	/* A plain fork takes some milliseconds for such a process. */
	ok(after < before * 1.5, "200 MB change nothing: %.0f us, %.0f us",
	    before, after);
	free(p);
}

int
main(void)
{
	sig_reset();
	null = fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC,
	    3);
	cgi_spawn_open();
	test_failure();
	test_start();
	test_grown();
	cgi_spawn_close();
	return done_testing();
}
