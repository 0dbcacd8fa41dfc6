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

struct conf;
struct loop;
struct request;
struct scoreboard;

extern const struct handler handler_cgi;

/* Once per process: scripts are watched in loop and counted in score. */
void	cgi_open(const struct conf *conf, struct loop *loop,
	    struct scoreboard *score);
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
