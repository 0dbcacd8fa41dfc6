/* Who has a port: found by every address that is in its way. */
#include <sys/prctl.h>

#include <unistd.h>

#include "common/net.h"
#include "master/holder.h"
#include "t/unit/tap.h"

static struct net_addr
address(const char *host, unsigned port)
{
	struct net_addr a;

	if (net_addr_parse(str_from(host), (uint16_t)port, &a) == -1)
		a = (struct net_addr){ .family = 0 };
	return a;
}

/* Listens at host on a port of the kernel's choice; -1: not here. */
static int
listen_at(const char *host, unsigned *port)
{
	struct net_addr a = address(host, 0);
	int fd = net_listen(&a, 1);

	if (fd != -1 && net_local(fd, &a) == 0)
		*port = net_addr_port(&a);
	return fd;
}

static bool
is_ours(const char *host, unsigned port)
{
	struct net_addr a = address(host, port);
	struct holder h = holder_find(&a);

	return h.pid == getpid() && strcmp(h.name, "the (holder)") == 0;
}

static bool
is_nobodys(const char *host, unsigned port)
{
	struct net_addr a = address(host, port);

	return holder_find(&a).pid == 0;
}

int
main(void)
{
	unsigned port = 0;
	int fd;

	(void)prctl(PR_SET_NAME, "the (holder)");
	fd = listen_at("127.0.0.1", &port);
	ok(fd != -1, "a listener");
	ok(is_ours("127.0.0.1", port), "is found at its address");
	ok(is_ours("0.0.0.0", port), "and by all addresses");
	ok(is_nobodys("127.0.0.2", port), "not at another one");
	ok(is_nobodys("::1", port), "nor in the other family");
	(void)close(fd);
	ok(is_nobodys("127.0.0.1", port), "nor when it is gone");

	fd = listen_at("0.0.0.0", &port);
	ok(fd != -1, "one on all addresses");
	ok(is_ours("127.0.0.1", port) && is_ours("0.0.0.0", port),
	    "is found at each");
	(void)close(fd);

	fd = listen_at("::1", &port);
	if (fd != -1) {
		ok(is_ours("::1", port) && is_ours("::", port), "IPv6");
		ok(is_nobodys("127.0.0.1", port), "... and that alone");
		(void)close(fd);
	}
	return done_testing();
}
