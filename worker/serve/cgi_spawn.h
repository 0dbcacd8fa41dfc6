/*
 * cgi_spawn: from a program's name to a running process, in a session of its
 * own, with limits, and with nothing of the worker but three descriptors.
 */
#ifndef WORKER_SERVE_CGI_SPAWN_H
#define WORKER_SERVE_CGI_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

struct conf_cgi;

/* What scripts have whatever the configuration says. */
#define CGI_NICE	5	/* above the worker's */
#define CGI_NOFILE	256
#define CGI_SIGPENDING	1024	/* of the user: workers want some, too */
#define CGI_TASKS	64	/* of a script, where its user's are counted */

/* All borrowed. */
struct cgi_spawn {
	int folder;			/* becomes the working directory */
	const char *exec;		/* "./name" or an absolute path */
	char **env;
	int in, out, err;		/* above 2; become 0, 1 and 2 */
	const struct conf_cgi *limits;
	uint64_t tasks;			/* that its user may have in all; 0 =
					 * any number */
	unsigned descriptors;		/* that are open here, about */
};

/* What went wrong, and with what. */
struct cgi_spawn_failure {
	const char *step;		/* "fork", "execve"; NULL = nothing */
	int error;			/* errno */
};

/* Once per process, when its own limits and privileges are what they will
 * be. */
void	cgi_spawn_open(void);
void	cgi_spawn_close(void);
/*
 * Returns once the program runs: its process id, which is its session's and
 * its group's too; or -1 and *why (nothing is left of a child that failed).
 */
pid_t	cgi_spawn(const struct cgi_spawn *s, struct cgi_spawn_failure *why);

#endif
