/*
 * The floor: a bare epoll loop that answers whatever it reads with a canned
 * response for each empty line, and parses nothing. What a server costs above
 * it is its own doing, what it costs is the kernel's.
 *
 *	floor PORT
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY	1024
#define BATCH	16
#define EVENTS	256

static char answers[BATCH * (BODY + 256)];
static size_t answer_n;

static void
make_answers(void)
{
	char head[256], body[BODY];
	int n = snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\n"
	    "Server: floor\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Content-Type: text/html\r\nContent-Length: %d\r\n"
	    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "ETag: \"400-2eb5b9d5\"\r\n\r\n", BODY);

	for (int i = 0; i < BODY; i++)
		body[i] = (char)('a' + i % 26);
	answer_n = (size_t)n + BODY;
	for (int i = 0; i < BATCH; i++) {
		memcpy(answers + (size_t)i * answer_n, head, (size_t)n);
		memcpy(answers + (size_t)i * answer_n + n, body, BODY);
	}
}

static int
open_listener(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on)) ==
	    -1 ||
	    bind(fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    listen(fd, 4096) == -1)
		err(1, "port %d", port);
	return fd;
}

static size_t
count_requests(const char *p, size_t n)
{
	const char *end = p + n, *line;
	size_t count = 0;

	while ((line = memmem(p, (size_t)(end - p), "\r\n\r\n", 4)) != NULL) {
		count++;
		p = line + 4;
	}
	return count;
}

static void
answer(int fd)
{
	char in[16384];
	ssize_t n = read(fd, in, sizeof(in));
	size_t count;

	if (n <= 0) {
		(void)close(fd);
		return;
	}
	count = count_requests(in, (size_t)n);
	while (count > 0) {
		size_t now = count > BATCH ? BATCH : count;

		if (write(fd, answers, now * answer_n) == -1) {
			(void)close(fd);
			return;
		}
		count -= now;
	}
	if (memmem(in, (size_t)n, "HTTP/1.0", 8) != NULL)
		(void)close(fd);
}

static void
take(int epoll, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK)) != -1) {
		struct epoll_event event = { .events = EPOLLIN,
		    .data.fd = fd };

		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1)
			(void)close(fd);
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN }, events[EVENTS];
	int listener, epoll, n;

	if (argc != 2)
		errx(2, "usage: floor PORT");
	make_answers();
	listener = open_listener((int)strtol(argv[1], NULL, 10));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	event.data.fd = listener;
	if (epoll == -1 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) == -1)
		err(1, "epoll");
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				take(epoll, listener);
			else
				answer(events[i].data.fd);
	}
}
