/*
 * cgi_spawn: from a program's name to a running process, in a session of its
 * own, with limits, and with nothing of the worker but three descriptors.
 */
#ifndef WORKER_SERVE_CGI_SPAWN_H
#define WORKER_SERVE_CGI_SPAWN_H

#include <sys/types.h>

struct conf_cgi;

/* All borrowed. */
struct cgi_spawn {
	int folder;			/* becomes the working directory */
	const char *exec;		/* "./name" or an absolute path */
	char **env;
	int in, out, err;		/* above 2; become 0, 1 and 2 */
	const struct conf_cgi *limits;
};

/* What went wrong, and with what. */
struct cgi_spawn_failure {
	const char *step;		/* "fork", "execve"; NULL = nothing */
	int error;			/* errno */
};

/*
 * Returns once the program runs: its process id, which is its session's and
 * its group's too; or -1 and *why (nothing is left of a child that failed).
 */
pid_t	cgi_spawn(const struct cgi_spawn *s, struct cgi_spawn_failure *why);

#endif
