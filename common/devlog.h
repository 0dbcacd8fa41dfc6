/*
 * devlog: lines of the error log for the system's log daemon.
 *
 * What syslog(3) does, without its waiting: that one blocks until the daemon
 * has taken a line, for good when it is stopped.
 */
#ifndef COMMON_DEVLOG_H
#define COMMON_DEVLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A socket to the daemon; -1 with errno when there is none. */
int	devlog_open(void);
/* Is fd such a socket? */
bool	devlog_is(int fd);
/*
 * Sends the first of the whole lines (log.h) at p. A daemon that has much to
 * read is waited for a moment, one that was started anew is found again. How
 * many bytes the line had, its newline included; or -1 with errno, EAGAIN when
 * the daemon does not read.
 */
ssize_t	devlog_send(int fd, const char *p, size_t n);

#endif
