/*
 * The floor of CGI: a bare loop that starts a program, waits for it, and does
 * nothing else. What a server costs above it is its own doing.
 *
 *	floor-cgi PROGRAM TIMES
 *
 * Prints the seconds it took, and the seconds of CPU of loop and programs.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double
cpu_seconds(int who)
{
	struct rusage u;

	if (getrusage(who, &u) == -1)
		err(1, "getrusage");
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
run(char *program, int null)
{
	char *argv[] = { program, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		(void)dup2(null, STDOUT_FILENO);
		(void)execve(program, argv, envp);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s cannot be run", program);
}

int
main(int argc, char **argv)
{
	double start = now();
	int i, n, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc != 3 || (n = atoi(argv[2])) <= 0 || null == -1)
		errx(2, "usage: floor-cgi PROGRAM TIMES");
	for (i = 0; i < n; i++)
		run(argv[1], null);
	(void)printf("%.6f %.6f\n", now() - start,
	    cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN));
	return 0;
}
