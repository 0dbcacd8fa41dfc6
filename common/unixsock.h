/*
 * unixsock: stream sockets with a name in the file system, of any length.
 */
#ifndef COMMON_UNIXSOCK_H
#define COMMON_UNIXSOCK_H

/*
 * Listens at path, for the present user alone (mode 0600): non-blocking,
 * close-on-exec. A socket that nobody listens on any more is replaced; anything
 * else that is there is not touched: EADDRINUSE. -1 with errno.
 */
int	unixsock_listen(const char *path);
/* The same, but only bound, and for whom mode allows to connect. */
int	unixsock_bind(const char *path, unsigned mode);
/* A socket to connect with: blocking, close-on-exec. Where nobody takes
 * connections any more it gives up after so many seconds, with EAGAIN. */
int	unixsock_client(int patience_s);
/* Connects such a one to path, with some patience. -1 with errno. */
int	unixsock_connect(const char *path);

#endif
