/*
 * The floor of CGI: a bare loop that starts a program, waits for it, and does
 * nothing else.
 *
 *	floor-cgi PROGRAM TIMES
 *
 * Prints the seconds it took, and the seconds of CPU of loop and programs.
 *
 *	floor-cgi -l PORT PROGRAM
 *
 * The same loop with the least there is of a server around it: it takes a
 * connection, reads once, and has the program write to the socket. What a
 * server costs above that is its own doing.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
run(char *program, int out)
{
	char *argv[] = { program, NULL }, *envp[] = { NULL };
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		(void)dup2(out, STDOUT_FILENO);
		(void)execve(program, argv, envp);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s cannot be run", program);
}

static void
serve(int port, char *program)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n";
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((in_port_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[4096];

	if (bind(l, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(l, SOMAXCONN) == -1)
		err(1, "port %d", port);
	for (;;) {
		int fd = accept4(l, NULL, NULL, SOCK_CLOEXEC);

		if (fd != -1 && recv(fd, request, sizeof(request), 0) > 0 &&
		    send(fd, head, sizeof(head) - 1, MSG_MORE) != -1)
			run(program, fd);
		(void)close(fd);
	}
}

int
main(int argc, char **argv)
{
	double start = now();
	int i, n, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc == 4 && strcmp(argv[1], "-l") == 0)
		serve(atoi(argv[2]), argv[3]);
	if (argc != 3 || (n = atoi(argv[2])) <= 0 || null == -1)
		errx(2, "usage: floor-cgi PROGRAM TIMES, or floor-cgi -l PORT "
		    "PROGRAM");
	for (i = 0; i < n; i++)
		run(argv[1], null);
	(void)printf("%.6f %.6f\n", now() - start,
	    cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN));
	return 0;
}
