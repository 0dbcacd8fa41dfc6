/*
 * cgi_fence: a script can signal what it started itself, and nothing else.
 *
 * Scripts have the same user as the worker that runs them, so nothing else
 * would keep one from killing the server, or the script of somebody else's
 * request.
 */
#ifndef WORKER_SERVE_CGI_FENCE_H
#define WORKER_SERVE_CGI_FENCE_H

/* Once per process: a descriptor that stands for the fence, or -1 where the
 * system has none or the configuration lets scripts gain privileges. */
int	cgi_fence_open(void);
/* In the child, before exec, and for good: 0, or -1 with errno. Only system
 * calls. */
int	cgi_fence_enter(int fence);

#endif
