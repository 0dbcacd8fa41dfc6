/*
 * cgi: runs scripts for requests (RFC 3875).
 *
 * The life of a script from the request to the last process of its session.
 */
#ifndef WORKER_SERVE_CGI_H
#define WORKER_SERVE_CGI_H

#include <stdbool.h>

#include "common/clock.h"
#include "worker/serve/handler.h"

struct cgi_script;
struct conf;
struct loop;
struct request;
struct scoreboard;

extern const struct handler handler_cgi;

/* Once per process: scripts are watched in loop and counted in score. 0, or -1
 * when memory is short. */
int	cgi_open(const struct conf *conf, struct loop *loop,
	    struct scoreboard *score);
/* For "pyked cgi": is told what nobody else is. */
struct cgi_witness {
	/* It starts now, with this environment. */
	void (*start)(const struct cgi_script *s, char **env);
	/* It wrote to standard error. */
	void (*error)(const char *p, size_t n);
	/* It has ended, and how and with what is known. */
	void (*end)(const struct cgi_script *s);
};

void	cgi_set_witness(const struct cgi_witness *witness);
/* The user of this process has no other purpose, so that scripts may be held
 * to a number of tasks of it: that of now, and some for each of them. */
void	cgi_limit_tasks(void);
/* SIGCHLD came: reap, and end what a script left behind. */
void	cgi_reap(void);
/* Runs the deadlines that are due. */
void	cgi_tick(struct mono now);
/* The earlier of until and the next deadline here. */
struct mono cgi_next(struct mono until);
/* Is any process of a script still there? */
bool	cgi_is_busy(void);
/* The worker ends now: every script's session is killed and reaped. */
void	cgi_kill_all(void);

#endif
