/* devlog: what the system's log daemon is sent, and what when it is slow. */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/devlog.h"
#include "common/log.h"
#include "t/unit/tap.h"

static int ours, daemons;

/* The text behind the head of the next datagram, whose priority must be that;
 * NULL when there is none or it is something else. */
static const char *
next_text(int priority)
{
	static char got[8192];
	char head[64];
	ssize_t n = recv(daemons, got, sizeof(got) - 1, MSG_DONTWAIT);
	const char *text;
	size_t len;

	if (n == -1)
		return NULL;
	got[n] = '\0';
	len = (size_t)snprintf(head, sizeof(head), "<%d>", priority);
	text = strstr(got, " pyked[");
	if (text == NULL || strncmp(got, head, len) != 0 ||
	    text - got != (ptrdiff_t)len + 15)
		return NULL;
	(void)snprintf(head, sizeof(head), " pyked[%d]: ", (int)getpid());
	len = strlen(head);
	return strncmp(text, head, len) == 0 ? text + len : NULL;
}

static bool
comes(const char *line, int priority, const char *text)
{
	const char *got;

	if (devlog_send(ours, line, strlen(line)) != (ssize_t)strlen(line))
		return false;
	got = next_text(priority);
	if (got == NULL || strcmp(got, text) != 0)
		printf("# it was: %s\n", got == NULL ? "nothing" : got);
	return got != NULL && strcmp(got, text) == 0;
}

/* Facility daemon is 3 << 3. */
static void
test_lines(void)
{
	static const char two[] = "T info master: a\nT warn worker 1: b\n";
	const char *got;

	ok(comes("2026-11-22T21:45:59.123Z error master: no room\n", 27,
	    "master: no room"), "an error");
	ok(comes("T warn worker 3: a warn b: c\n", 28, "worker 3: a warn b: c"),
	    "a warning");
	ok(comes("T info master: x\n", 30, "master: x"), "an info");
	ok(comes("T debug worker 0: \n", 31, "worker 0: "), "debug");
	ok(devlog_send(ours, two, strlen(two)) == 17, "one line at a time");
	got = next_text(30);
	ok(got != NULL && strcmp(got, "master: a") == 0 &&
	    next_text(30) == NULL, "... and no other");
}

/* From a worker that is not to be trusted. */
static void
test_nonsense(void)
{
	static char line[3 * LOG_LINE_MAX];
	const char *got;

	ok(comes("nonsense\n", 29, "nonsense"), "a word");
	ok(comes("T loud worker 3: x\n", 29, "T loud worker 3: x"),
	    "a level that is none");
	ok(comes("\n", 29, "") && comes(" \n", 29, " "), "nothing");
	ok(comes("T info without an end", 30, "without an end"),
	    "no end of the line");
	memset(line, 'x', sizeof(line) - 1);
	ok(devlog_send(ours, line, sizeof(line) - 1) ==
	    (ssize_t)sizeof(line) - 1 && (got = next_text(29)) != NULL &&
	    strlen(got) == LOG_LINE_MAX, "a line without measure is cut");
}

/* A daemon that does not read is no reason to stand still. */
static void
test_slow_daemon(void)
{
	static const char line[] = "T info master: x\n";
	struct mono before;
	int n = 0;
	const char *got;

	while (n < 100000 && devlog_send(ours, line, sizeof(line) - 1) > 0)
		n++;
	ok(n > 0 && n < 100000 && errno == EAGAIN, "EAGAIN after %d lines", n);
	before = mono_read();
	ok(devlog_send(ours, line, sizeof(line) - 1) == -1 && errno == EAGAIN &&
	    mono_us(before, mono_read()) < 1000000, "at once");
	while ((got = next_text(30)) != NULL && strcmp(got, "master: x") == 0)
		n--;
	ok(n == 0, "all that it took are there");
	ok(comes(line, 30, "master: x"), "and it goes on");
}

int
main(void)
{
	int ends[2], stream[2], pipes[2];

	clock_update();
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    ends) == -1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
	    stream) == -1 || pipe2(pipes, O_CLOEXEC) == -1)
		abort();
	ours = ends[0];
	daemons = ends[1];
	ok(devlog_is(ours) && !devlog_is(stream[0]) && !devlog_is(pipes[1]) &&
	    !devlog_is(-1), "such a socket is told from other logs");
	test_lines();
	test_nonsense();
	test_slow_daemon();
	return done_testing();
}
