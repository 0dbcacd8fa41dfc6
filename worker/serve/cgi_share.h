/*
 * cgi_share: a child that begins with the descriptors of its worker, not with
 * a copy of them.
 *
 * A copy is made of all, and closed one by one: with thousands of connections
 * that takes as long as everything else that a script's start consists of.
 */
#ifndef WORKER_SERVE_CGI_SHARE_H
#define WORKER_SERVE_CGI_SHARE_H

#include <stdbool.h>
#include <sys/types.h>

#define CGI_SHARE_FROM	100	/* descriptors; for fewer it is not worth it */

/* Once per process. Without it, or where the system has no such thing,
 * cgi_share_pays is false. */
void	cgi_share_open(void);
void	cgi_share_close(void);
/* For a worker with so many descriptors. */
bool	cgi_share_pays(unsigned descriptors);
/*
 * Like vfork, but that the child runs a function of its own, which must call
 * cgi_share_leave before it executes, and must not return. The child's process
 * id, or -1 with errno.
 */
pid_t	cgi_share_fork(int (*child)(void *arg), void *arg);
/*
 * In the child: fds are three descriptors it wants to keep, and come back as
 * what they are called now. From here on the rest is its own, and closed, but
 * for a few with low numbers. 0, or -1 with errno. Only system calls.
 */
int	cgi_share_leave(int fds[3]);

#endif
