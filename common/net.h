/*
 * net: addresses and listening sockets.
 */
#ifndef COMMON_NET_H
#define COMMON_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/str.h"

/* An internet address and port, or that it is a UNIX socket. Zero is none. */
struct net_addr {
	union {
		sa_family_t family;	/* AF_INET, AF_INET6 or AF_UNIX */
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
};

#define NET_ADDR_TEXT	64	/* [v6%scope]:port and its NUL */
#define NET_SILENT_S	1	/* the longest that a connection on which
				 * nothing was said is not accepted */

socklen_t net_addr_len(const struct net_addr *a);
/* The address alone ("127.0.0.1", "::1"; a v4-mapped one as v4; "unix:"; "-"
 * when it is none); returns its length. */
size_t	net_addr_host(const struct net_addr *a, char text[NET_ADDR_TEXT]);
/* With port: "127.0.0.1:80", "[::1]:80"; "unix:". */
size_t	net_addr_text(const struct net_addr *a, char text[NET_ADDR_TEXT]);
uint16_t net_addr_port(const struct net_addr *a);
/* Is it 0.0.0.0 or [::]? */
bool	net_addr_is_any(const struct net_addr *a);
bool	net_addr_eq(const struct net_addr *a, const struct net_addr *b);
/* Reads a numeric IPv4 or IPv6 address ("1.2.3.4", "::1", "[::1]"): 0 or -1. */
int	net_addr_parse(struct str host, uint16_t port, struct net_addr *out);

/*
 * A TCP socket, bound and listening: non-blocking, close-on-exec,
 * SO_REUSEADDR, IPV6_V6ONLY, and TCP_NODELAY, which accepted ones inherit. A
 * connection is accepted when its first bytes are here, or after NET_SILENT_S,
 * where the kernel can do that (TCP_DEFER_ACCEPT).
 * backlog is cut to somaxconn by the kernel. -1 with errno.
 */
int	net_listen(const struct net_addr *a, int backlog);
/* The same, but only bound. */
int	net_bind(const struct net_addr *a);
/* The address a socket is bound to (its real port, when 0 was asked for). */
int	net_local(int fd, struct net_addr *out);
/* A listening socket is about to be closed for good: connections are accepted
 * as soon as they are made, and those from before within NET_SILENT_S. */
void	net_end_deferral(int fd);
/* Was that done to it? */
bool	net_has_ended_deferral(int fd);
/* Closes fd after a failure: -1 with that errno. */
int	net_give_up(int fd);
/* Makes fd non-blocking and close-on-exec. 0 or -1 with errno. */
int	net_prepare(int fd);
/* Sends (receives) n bytes over a UNIX socket, together with one descriptor
 * (-1: none). 0 or -1 with errno; fewer bytes are EBADMSG, and *fd is -1 then
 * and when none came. The end of the stream is -1 with EPIPE. */
int	net_send_with_fd(int sock, const void *p, size_t n, int fd);
int	net_recv_with_fd(int sock, void *p, size_t n, int *fd);
/* The same with one byte, the tag. */
int	net_send_fd(int sock, char tag, int fd);
int	net_recv_fd(int sock, char *tag, int *fd);

#endif
