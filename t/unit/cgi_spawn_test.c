/* Starting programs: what they get, what a failure says, and that it is no
 * slower where there is much memory, or many descriptors. */
#include <sys/resource.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/sig.h"
#include "worker/serve/cgi_share.h"
#include "worker/serve/cgi_spawn.h"
#include "t/unit/tap.h"

#define GROWN	((size_t)200 << 20)
#define MANY	3000	/* descriptors */
#define STARTS	60
#define TRIES	10

static const struct conf_cgi limits = { .cpu_s = 5, .memory = 64 << 20,
    .fsize = 1 << 20 };
static char *env[] = { NULL, NULL };
static int null;
static unsigned descriptors;	/* that are said to be open */

static struct cgi_spawn
ask(const char *exec, int out)
{
	return (struct cgi_spawn){ .folder = open("/bin", O_PATH | O_CLOEXEC),
	    .exec = exec, .env = env, .in = null, .out = out, .err = null,
	    .limits = &limits, .descriptors = descriptors };
}

static unsigned
count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	if (d == NULL)
		abort();
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
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

/* On a busy machine one try may find no quiet moment. */
static double
quickest_below(double us)
{
	double now = quickest();

	for (int i = 0; i < TRIES && now >= us; i++)
		now = quickest();
	return now;
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
	after = quickest_below(before * 1.5);
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

/* What a program says that is in the folder dir; its end is seen, too. */
static const char *
output(int dir, const char *exec)
{
	static char said[64];
	struct cgi_spawn_failure why = { NULL, 0 };
	struct cgi_spawn s;
	size_t n = 0;
	ssize_t got;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		abort();
	s = ask(exec, fds[1]);
	(void)close(s.folder);
	s.folder = dir;
	pid = cgi_spawn(&s, &why);
	(void)close(fds[1]);
	while ((got = read(fds[0], said + n, sizeof(said) - n - 1)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	(void)close(fds[0]);
	if (pid == -1)
		return why.step;
	(void)waitpid(pid, NULL, 0);
	return said;
}

/* ls has the folder itself open. */
static void
test_descriptors(void)
{
	static const char text[] = "#!/bin/sh\n"
	    "echo $(ls /proc/self/fd)\n";
	char name[] = "/tmp/pyked-spawn-XXXXXX";
	int dir, fd, forgotten;
	unsigned before;

	if (mkdtemp(name) == NULL ||
	    (dir = open(name, O_PATH | O_CLOEXEC)) == -1 ||
	    (fd = openat(dir, "fds", O_WRONLY | O_CREAT | O_CLOEXEC,
	    0755)) == -1 || write(fd, text, sizeof(text) - 1) == -1)
		abort();
	(void)close(fd);
	forgotten = dup(null);		/* does not close on exec */
	before = count_open();
	ok(strcmp(output(dir, "./fds"), "0 1 2 3\n") == 0,
	    "three descriptors, where %u are open", before);
	ok(strcmp(output(dir, "./none"), "execve") == 0, "or none at all");
	ok(count_open() == before, "its own are as they were");
	(void)unlinkat(dir, "fds", 0);
	(void)rmdir(name);
	(void)close(forgotten);
	(void)close(dir);
}

/* With many descriptors, as many connections have them. */
static void
test_many(void)
{
	static int fds[MANY];
	struct rlimit limit = { MANY + 100, MANY + 100 };
	double before = quickest(), after;
	int i;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_max < MANY + 100) {
		ok(true, "# SKIP no %d descriptors here", MANY);
		return;
	}
	limit.rlim_cur = MANY + 100;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < MANY; i++)
		fds[i] = fcntl(null, F_DUPFD_CLOEXEC, 3);
	descriptors = MANY;
	test_failure();
	test_start();
	test_descriptors();
	after = quickest_below(before * 1.5);
	/* A copy of all of them takes about as long as all the rest. */
	ok(after < before * 1.5 || !cgi_share_pays(MANY),
	    "%d descriptors change little: %.0f us, %.0f us", MANY, before,
	    after);
	for (i = 0; i < MANY; i++)
		(void)close(fds[i]);
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
	test_descriptors();
	test_grown();
	test_many();
	cgi_spawn_close();
	return done_testing();
}
