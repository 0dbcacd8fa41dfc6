/* Addresses, listening sockets, and descriptors sent to another process. */
#include "common/net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

/* --- addresses --- */

socklen_t
net_addr_len(const struct net_addr *a)
{
	return a->family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in4);
}

/* "%eth0" for an address that is good on one link only; by number when the
 * link has no name any more. */
static size_t
put_scope(uint32_t scope, char *p, size_t room)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(scope, name) != NULL)
		return (size_t)snprintf(p, room, "%%%s", name);
	return (size_t)snprintf(p, room, "%%%u", scope);
}

static size_t
host6(const struct net_addr *a, char text[NET_ADDR_TEXT])
{
	const struct in6_addr *in = &a->in6.sin6_addr;
	size_t n;

	if (IN6_IS_ADDR_V4MAPPED(in))
		(void)inet_ntop(AF_INET, in->s6_addr + 12, text, NET_ADDR_TEXT);
	else
		(void)inet_ntop(AF_INET6, in, text, NET_ADDR_TEXT);
	n = strlen(text);
	if (a->in6.sin6_scope_id != 0)
		n += put_scope(a->in6.sin6_scope_id, text + n,
		    NET_ADDR_TEXT - n);
	return n;
}

/* In every line of the access log: inet_ntop would take longer for it than
 * all the rest of the line. */
static size_t
host4(const struct net_addr *a, char text[NET_ADDR_TEXT])
{
	uint32_t host = ntohl(a->in4.sin_addr.s_addr);
	char *p = text;

	for (int shift = 24; shift >= 0; shift -= 8) {
		p += str_put_u64(p, host >> shift & 0xff);
		*p++ = shift > 0 ? '.' : '\0';
	}
	return (size_t)(p - text) - 1;
}

size_t
net_addr_host(const struct net_addr *a, char text[NET_ADDR_TEXT])
{
	if (a->family == AF_INET6)
		return host6(a, text);
	if (a->family == AF_INET)
		return host4(a, text);
	return strlcpy(text, a->family == AF_UNIX ? "unix:" : "-",
	    NET_ADDR_TEXT);
}

size_t
net_addr_text(const struct net_addr *a, char text[NET_ADDR_TEXT])
{
	char host[NET_ADDR_TEXT];
	bool colons;
	int n;

	if (a->family == AF_UNIX)
		return net_addr_host(a, text);
	(void)net_addr_host(a, host);
	colons = strchr(host, ':') != NULL;
	n = snprintf(text, NET_ADDR_TEXT, "%s%.*s%s:%u", colons ? "[" : "",
	    NET_ADDR_TEXT - (int)sizeof("[]:65535"), host, colons ? "]" : "",
	    (unsigned)net_addr_port(a));
	assert(n > 0 && n < NET_ADDR_TEXT);
	return (size_t)n;
}

uint16_t
net_addr_port(const struct net_addr *a)
{
	if (a->family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return a->family == AF_INET ? ntohs(a->in4.sin_port) : 0;
}

bool
net_addr_is_any(const struct net_addr *a)
{
	if (a->family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	return a->family == AF_INET &&
	    a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool
net_addr_eq(const struct net_addr *a, const struct net_addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->in4.sin_port == b->in4.sin_port &&
		    a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
	if (a->family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		    a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		    memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
		    sizeof(a->in6.sin6_addr)) == 0;
	return true;
}

/* The number of the link a scope names, by name or by number; 0 is none. */
static uint32_t
scope_index(const char *scope)
{
	uint64_t number;

	if (str_u64(str_from(scope), UINT32_MAX, &number) == 0)
		return (uint32_t)number;
	return if_nametoindex(scope);
}

static int
parse6(char *text, uint16_t port, struct net_addr *out)
{
	char *scope = strchr(text, '%');

	*out = (struct net_addr){ .in6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) } };
	if (scope != NULL) {
		*scope++ = '\0';
		out->in6.sin6_scope_id = scope_index(scope);
		if (out->in6.sin6_scope_id == 0)
			return -1;
	}
	return inet_pton(AF_INET6, text, &out->in6.sin6_addr) == 1 ? 0 : -1;
}

int
net_addr_parse(struct str host, uint16_t port, struct net_addr *out)
{
	char text[NET_ADDR_TEXT];

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		host = (struct str){ host.p + 1, host.n - 2 };
		if (memchr(host.p, ':', host.n) == NULL)
			return -1;
	}
	if (host.n == 0 || host.n >= sizeof(text) ||
	    memchr(host.p, '\0', host.n) != NULL)
		return -1;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (strchr(text, ':') != NULL)
		return parse6(text, port, out);
	*out = (struct net_addr){ .in4 = { .sin_family = AF_INET,
	    .sin_port = htons(port) } };
	return inet_pton(AF_INET, text, &out->in4.sin_addr) == 1 ? 0 : -1;
}

/* --- sockets --- */

static int
set_number(int fd, int level, int name, int n)
{
	return setsockopt(fd, level, name, &n, sizeof(n));
}

static int
set_option(int fd, int level, int name)
{
	return set_number(fd, level, name, 1);
}

static int
prepare_and_bind(int fd, const struct net_addr *a)
{
	if (set_option(fd, SOL_SOCKET, SO_REUSEADDR) == -1)
		return -1;
	if (a->family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == -1)
		return -1;
	/* Accepted sockets inherit it: a last small record must not wait for
	 * the client's delayed acknowledgement (RFC 1122 4.2.3.4). */
	if (set_option(fd, IPPROTO_TCP, TCP_NODELAY) == -1)
		return -1;
	/* Nobody is woken for a handshake, to read in vain. It works without,
	 * too. */
	(void)set_number(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, NET_SILENT_S);
	return bind(fd, &a->sa, net_addr_len(a));
}

int
net_give_up(int fd)
{
	int saved = errno;

	(void)close(fd);
	errno = saved;
	return -1;
}

int
net_bind(const struct net_addr *a)
{
	int fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd == -1 || prepare_and_bind(fd, a) == 0)
		return fd;
	return net_give_up(fd);
}

int
net_listen(const struct net_addr *a, int backlog)
{
	int fd = net_bind(a);

	if (fd == -1 || listen(fd, backlog > 0 ? backlog : INT_MAX) == 0)
		return fd;
	return net_give_up(fd);
}

void
net_end_deferral(int fd)
{
	(void)set_number(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
}

bool
net_has_ended_deferral(int fd)
{
	int seconds;
	socklen_t n = sizeof(seconds);

	return getsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &n) == 0
	    && seconds == 0;
}

int
net_local(int fd, struct net_addr *out)
{
	socklen_t len = sizeof(*out);

	*out = (struct net_addr){ 0 };
	if (getsockname(fd, &out->sa, &len) == -1)
		return -1;
	if (out->family == AF_UNIX)	/* not what there was room for of its
					 * path */
		*out = (struct net_addr){ .family = AF_UNIX };
	return 0;
}

int
net_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* --- descriptors on their way --- */

/* Room for one descriptor's control message, aligned as one. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

int
net_send_with_fd(int sock, const void *p, size_t n, int fd)
{
	union control control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd != -1) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control);
		control.head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		    .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd)) };
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do {
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (sent == -1 && errno == EINTR);
	return sent == (ssize_t)n ? 0 : -1;
}

int
net_send_fd(int sock, char tag, int fd)
{
	return net_send_with_fd(sock, &tag, 1, fd);
}

int
net_recv_with_fd(int sock, void *p, size_t n, int *fd)
{
	union control control = { .room = { 0 } };
	struct iovec iov = { .iov_base = p, .iov_len = n };
	/* Length for one, not the space, whose padding would admit two. */
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = CMSG_LEN(sizeof(int)) };
	struct cmsghdr *c;
	ssize_t got;

	*fd = -1;
	do {
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (got == -1 && errno == EINTR);
	if (got == -1)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	if (got == (ssize_t)n)
		return 0;
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
	errno = got == 0 ? EPIPE : EBADMSG;
	return -1;
}

int
net_recv_fd(int sock, char *tag, int *fd)
{
	return net_recv_with_fd(sock, tag, 1, fd);
}
