/*
 * The datagrams of syslog(3), as RFC 3164 has them and every daemon reads them:
 *
 *	<PRI>Nov 23 04:05:06 pyked[123]: worker 3: text
 */
#include "common/devlog.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <paths.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/net.h"
#include "common/str.h"

#define PATIENCE_MS	5	/* for one line, */
#define PATIENCE_US	200000	/* and for all of a second: who writes them has
				 * other things to do */

static int
meet(int fd)
{
	static const struct sockaddr_un daemon_addr = { .sun_family = AF_UNIX,
	    .sun_path = _PATH_LOG };

	return connect(fd, (const struct sockaddr *)&daemon_addr,
	    sizeof(daemon_addr));
}

int
devlog_open(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1 || meet(fd) == 0)
		return fd;
	return net_give_up(fd);
}

bool
devlog_is(int fd)
{
	int domain = 0, type = 0;
	socklen_t n = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
	    domain == AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 &&
	    type == SOCK_DGRAM;
}

/* Takes the time and the level off a line. What has none, because whoever made
 * it is not to be trusted, is passed on as it is. */
static int
take_priority(struct str *line)
{
	static const struct {
		struct str name;
		int priority;
	} levels[] = {
		{ STR(" error "), LOG_ERR },
		{ STR(" warn "), LOG_WARNING },
		{ STR(" info "), LOG_INFO },
		{ STR(" debug "), LOG_DEBUG },
	};
	const char *space = memchr(line->p, ' ', line->n);
	struct str rest;

	if (space == NULL)
		return LOG_NOTICE;
	rest = (struct str){ space, line->n - (size_t)(space - line->p) };
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!str_starts(rest, levels[i].name))
			continue;
		*line = (struct str){ rest.p + levels[i].name.n,
		    rest.n - levels[i].name.n };
		return levels[i].priority;
	}
	return LOG_NOTICE;
}

/* Months have English names, and the time is local, as the daemon expects. */
static size_t
put_prefix(char *text, size_t size, int priority)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = clock_wall();
	struct tm tm = { .tm_mday = 1 };
	int n;

	(void)localtime_r(&now, &tm);
	n = snprintf(text, size, "<%d>%s %2d %02d:%02d:%02d pyked[%d]: ",
	    LOG_DAEMON | priority, months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)getpid());
	return n < 0 ? 0 : (size_t)n;
}

/* False when there is no patience left. */
static bool
wait_for(int fd)
{
	static struct mono second;	/* when this one began, */
	static int64_t spent;		/* and what was waited in it */
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct mono now = mono_read();

	if (mono_us(second, now) >= 1000000) {
		second = now;
		spent = 0;
	}
	if (spent >= PATIENCE_US)
		return false;
	(void)poll(&p, 1, PATIENCE_MS);
	spent += mono_us(now, mono_read());
	return true;
}

static int
send_text(int fd, const char *text, size_t n)
{
	bool waited = false, met = false;

	while (send(fd, text, n, MSG_NOSIGNAL) == -1) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN && !waited && wait_for(fd)) {
			waited = true;
		} else if (errno != EAGAIN && !met) {
			met = true;
			if (meet(fd) == -1)
				return -1;
		} else {
			return -1;
		}
	}
	return 0;
}

ssize_t
devlog_send(int fd, const char *p, size_t n)
{
	const char *newline = memchr(p, '\n', n);
	struct str line = { p, newline == NULL ? n : (size_t)(newline - p) };
	size_t taken = line.n + (newline != NULL), used;
	char text[64 + LOG_LINE_MAX];

	used = put_prefix(text, sizeof(text), take_priority(&line));
	if (line.n > LOG_LINE_MAX)
		line.n = LOG_LINE_MAX;
	memcpy(text + used, line.p, line.n);
	return send_text(fd, text, used + line.n) == -1 ? -1 : (ssize_t)taken;
}
