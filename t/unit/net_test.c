/* Addresses as text and back, listening sockets, descriptors on their way. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/net.h"
#include "t/unit/tap.h"

static void
check_good(const char *in, const char *host, const char *text)
{
	char got[NET_ADDR_TEXT];
	struct net_addr a;

	if (!ok(net_addr_parse(str_from(in), 80, &a) == 0, "%s is one", in))
		return;
	ok(net_addr_host(&a, got) == strlen(host) && strcmp(got, host) == 0,
	    "its host is %s, got %s", host, got);
	ok(net_addr_text(&a, got) == strlen(text) && strcmp(got, text) == 0,
	    "with port %s, got %s", text, got);
	ok(net_addr_port(&a) == 80, "its port is 80");
}

static void
test_good(void)
{
	check_good("127.0.0.1", "127.0.0.1", "127.0.0.1:80");
	check_good("0.0.0.0", "0.0.0.0", "0.0.0.0:80");
	check_good("::1", "::1", "[::1]:80");
	check_good("[::]", "::", "[::]:80");
	check_good("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7:80");
	check_good("2001:db8:1234:5678:9abc:def0:1234:5678",
	    "2001:db8:1234:5678:9abc:def0:1234:5678",
	    "[2001:db8:1234:5678:9abc:def0:1234:5678]:80");
	check_good("fe80::1%4294967295", "fe80::1%4294967295",
	    "[fe80::1%4294967295]:80");
}

static void
test_bad(void)
{
	static const char *const bad[] = { "", "1", "1.2.3", "1.2.3.4.5",
	    "01.2.3.4", "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "0x7f.0.0.1",
	    "localhost", "[127.0.0.1]", "[::1", "::1]", "[]", ":::", "1::2::3",
	    "::12345", "fe80::1%", "fe80::1%0", "fe80::1%no-such-link",
	    "::1::::::::::::::::::::::::::::::::::::::::::::::::::::::::::1" };
	struct net_addr a;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(net_addr_parse(str_from(bad[i]), 80, &a) == -1,
		    "'%s' is none", bad[i]);
	ok(net_addr_parse((struct str){ "::1\0", 4 }, 80, &a) == -1,
	    "nor is one with a NUL in it");
}

static void
test_none(void)
{
	char text[NET_ADDR_TEXT];
	struct net_addr none = { 0 };

	ok(net_addr_host(&none, text) == 1 && text[0] == '-', "none is -");
	none.family = AF_UNIX;
	ok(net_addr_text(&none, text) == 5 && strcmp(text, "unix:") == 0 &&
	    !net_addr_is_any(&none), "a UNIX socket");
	none.family = AF_PACKET;
	ok(net_addr_text(&none, text) == 3 && net_addr_port(&none) == 0,
	    "an unknown family is harmless");
}

static void
test_eq(void)
{
	struct net_addr a, b;

	(void)net_addr_parse(STR("127.0.0.1"), 80, &a);
	(void)net_addr_parse(STR("127.0.0.1"), 80, &b);
	ok(net_addr_eq(&a, &b), "the same");
	(void)net_addr_parse(STR("127.0.0.1"), 81, &b);
	ok(!net_addr_eq(&a, &b), "another port");
	(void)net_addr_parse(STR("127.0.0.2"), 80, &b);
	ok(!net_addr_eq(&a, &b), "another address");
	(void)net_addr_parse(STR("::1"), 80, &b);
	ok(!net_addr_eq(&a, &b), "another family");
	(void)net_addr_parse(STR("::1"), 80, &a);
	ok(net_addr_eq(&a, &b), "the same in IPv6");
	(void)net_addr_parse(STR("::2"), 80, &a);
	ok(!net_addr_eq(&a, &b), "another in IPv6");
}

static void
test_listen(void)
{
	struct net_addr a, real;
	int fd, second;

	(void)net_addr_parse(STR("127.0.0.1"), 0, &a);
	fd = net_listen(&a, 0);
	ok(fd >= 0, "a socket listens");
	ok(net_local(fd, &real) == 0 && net_addr_port(&real) != 0,
	    "on a real port");
	ok((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "it does not block");
	ok((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "nor outlive exec");
	second = net_listen(&real, 0);
	ok(second == -1 && errno == EADDRINUSE, "its address is taken");
	(void)close(fd);
	(void)net_addr_parse(STR("192.0.2.1"), 0, &a);
	second = net_listen(&a, 0);
	ok(second == -1 && errno == EADDRNOTAVAIL, "an address not ours");
}

static void
test_descriptors(void)
{
	int pair[2], end[2], got;
	char tag, c;

	if (!ok(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0 &&
	    pipe(end) == 0, "a channel and a pipe"))
		return;
	ok(net_prepare(end[0]) == 0 &&
	    (fcntl(end[0], F_GETFL) & O_NONBLOCK) != 0, "made not to block");
	ok(net_send_fd(pair[0], 'A', end[1]) == 0, "an end is sent");
	(void)close(end[1]);
	ok(net_recv_fd(pair[1], &tag, &got) == 0 && tag == 'A' && got >= 0,
	    "and received with its tag");
	ok((fcntl(got, F_GETFD) & FD_CLOEXEC) != 0, "close-on-exec");
	ok(write(got, "x", 1) == 1 && read(end[0], &c, 1) == 1 && c == 'x',
	    "it is the same pipe");
	(void)close(got);
	ok(write(pair[0], "B", 1) == 1 && net_recv_fd(pair[1], &tag, &got) == 0
	    && tag == 'B' && got == -1, "a byte without a descriptor");
	(void)close(pair[0]);
	ok(net_recv_fd(pair[1], &tag, &got) == -1 && errno == EPIPE,
	    "the end of the stream");
	ok(net_send_fd(pair[1], 'A', end[0]) == -1 && errno == EPIPE,
	    "sending into nothing is an error, not a signal");
	(void)close(pair[1]);
	(void)close(end[0]);
}

/* Accepted when its first byte is here; and then it has TCP_NODELAY: the last
 * record of a TLS response must not wait for the client's delayed
 * acknowledgement. */
static void
test_accepted(void)
{
	struct net_addr a;
	socklen_t n = sizeof(int);
	int on = 0, fd, client, taken;

	(void)net_addr_parse(STR("127.0.0.1"), 0, &a);
	fd = net_listen(&a, 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (fd == -1 || client == -1 || net_local(fd, &a) == -1 ||
	    connect(client, &a.sa, net_addr_len(&a)) == -1)
		exit(1);
	ok(accept(fd, NULL, NULL) == -1 && errno == EAGAIN,
	    "a connection on which nothing was said is not accepted");
	ok(send(client, "x", 1, 0) == 1, "something is said");
	taken = accept(fd, NULL, NULL);
	ok(taken != -1, "now it is");
	ok(getsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &on, &n) == 0 &&
	    on != 0, "an accepted socket does not wait to gather bytes");
	(void)close(taken);
	(void)close(client);
	(void)close(fd);
}

int
main(void)
{
	test_accepted();
	test_good();
	test_bad();
	test_none();
	test_eq();
	test_listen();
	test_descriptors();
	return done_testing();
}
