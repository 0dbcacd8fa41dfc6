/*
 * pulse: holds keep-alive connections, asks on some of them at a time, and
 * notes when each answer came and how long it took.
 *
 *	pulse PORT[,PORT] CONNECTIONS AT-A-TIME SECONDS PATH
 *
 * Every connection makes one request; then "ready" is printed, and for so many
 * seconds AT-A-TIME requests are always under way, on connections chosen at
 * random. In the end it prints a line for each answer, its time on the
 * monotonic clock and how long it took, both in microseconds. With 0 at a time
 * the connections are only held, until somebody kills it. What the server ends
 * between requests is opened again, what it ends within one is fatal.
 */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS	256
#define SAMPLES	(1u << 23)

struct client {
	int fd;			/* -1 = closed */
	int port;
	bool asked;
	int64_t since;		/* when it was */
	size_t left;		/* of the answer's body */
	bool head;		/* the answer's head is here */
	bool last;		/* the server closes after it */
};

static struct client *clients;
static size_t nclients;
static size_t *waiting, nwaiting;	/* those that nothing is asked on */
static int epoll;
static char request[512];
static struct { int64_t at, took; } *samples;
static size_t nsamples;

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
open_client(struct client *c)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_port = htons((unsigned short)c->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd == -1 ||
	    connect(c->fd, (struct sockaddr *)&in, sizeof(in)) == -1 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) == -1)
		err(1, "connection %zu of %zu", (size_t)(c - clients),
		    nclients);
}

static void
close_client(struct client *c)
{
	if (c->asked)
		errx(1, "the server closed within a request");
	(void)close(c->fd);
	c->fd = -1;
}

static void
ask(struct client *c)
{
	c->since = now_us();
	if (c->fd == -1)
		open_client(c);
	c->asked = true;
	c->head = c->last = false;
	if (send(c->fd, request, strlen(request), MSG_NOSIGNAL) == -1)
		err(1, "send");
}

static void
ask_any(void)
{
	size_t i = (size_t)random() % nwaiting;
	struct client *c = &clients[waiting[i]];

	waiting[i] = waiting[--nwaiting];
	ask(c);
}

static size_t
read_head(struct client *c, const char *in, size_t n)
{
	const char *end = memmem(in, n, "\r\n\r\n", 4);
	const char *length = memmem(in, n, "\r\nContent-Length: ", 18);
	size_t head;

	if (end == NULL || length == NULL ||
	    strncmp(in, "HTTP/1.1 200", 12) != 0)
		errx(1, "an answer that is none: %.*s", (int)n, in);
	head = (size_t)(end - in) + 4;
	c->head = true;
	c->left = (size_t)strtoul(length + 18, NULL, 10);
	c->last = memmem(in, head, "\r\nConnection: close", 19) != NULL;
	return head;
}

static void
note(const struct client *c)
{
	int64_t now = now_us();

	if (nsamples < SAMPLES) {
		samples[nsamples].at = now;
		samples[nsamples++].took = now - c->since;
	}
}

/* True when the answer is complete. */
static bool
take(struct client *c)
{
	char in[65536];
	ssize_t n = recv(c->fd, in, sizeof(in), MSG_DONTWAIT);
	size_t skip = 0;

	if (n == -1 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		close_client(c);
		return false;
	}
	if (!c->asked)
		errx(1, "an answer that nobody asked for");
	if (!c->head)
		skip = read_head(c, in, (size_t)n);
	c->left -= (size_t)n - skip;
	if (c->left > 0)
		return false;
	c->asked = false;
	if (c->last)
		close_client(c);
	return true;
}

static void
run(size_t at_a_time, int64_t until)
{
	struct epoll_event events[EVENTS];
	size_t under_way = 0;

	while (now_us() < until) {
		int n;

		for (; under_way < at_a_time && nwaiting > 0; under_way++)
			ask_any();
		n = epoll_wait(epoll, events, EVENTS, 100);
		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (!take(c))
				continue;
			note(c);
			waiting[nwaiting++] = (size_t)(c - clients);
			under_way--;
		}
	}
}

/* Each connection's first request, one after the other. */
static void
open_all(char *ports)
{
	int port[2];
	struct epoll_event event;

	port[0] = (int)strtol(ports, &ports, 10);
	port[1] = *ports == ',' ? (int)strtol(ports + 1, NULL, 10) : port[0];
	for (size_t i = 0; i < nclients; i++) {
		struct client *c = &clients[i];

		*c = (struct client){ .fd = -1, .port = port[i % 2] };
		ask(c);
		while (!take(c))
			(void)epoll_wait(epoll, &event, 1, 1000);
		waiting[nwaiting++] = i;
	}
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	size_t at_a_time;

	if (argc != 6)
		errx(2, "usage: pulse PORT[,PORT] CONNECTIONS AT-A-TIME "
		    "SECONDS PATH");
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	nclients = (size_t)strtoul(argv[2], NULL, 10);
	at_a_time = (size_t)strtoul(argv[3], NULL, 10);
	clients = calloc(nclients, sizeof(*clients));
	waiting = calloc(nclients, sizeof(*waiting));
	samples = calloc(SAMPLES, sizeof(*samples));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (clients == NULL || waiting == NULL || samples == NULL ||
	    epoll == -1)
		err(1, "start");
	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n"
	    "Host: localhost\r\n\r\n", argv[5]);
	open_all(argv[1]);
	(void)puts("ready");
	(void)fflush(stdout);
	if (at_a_time == 0)
		(void)pause();
	run(at_a_time, now_us() +
	    (int64_t)(strtod(argv[4], NULL) * 1e6));
	for (size_t i = 0; i < nsamples; i++)
		(void)printf("%lld %lld\n", (long long)samples[i].at,
		    (long long)samples[i].took);
	return 0;
}
