/* Sending a word to the master, and showing what it answers. */
#include "master/ask.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"

/* Prints one line of the answer (see control.h): true when it was the last,
 * which sets *status. */
static bool
show(struct str line, int *status)
{
	FILE *to = line.n > 0 && line.p[0] == '!' ? stderr : stdout;
	uint64_t n;

	if (line.n == 0)
		return false;
	line.p++;
	line.n--;
	if (line.p[-1] == '=') {
		*status = str_u64(line, 255, &n) == 0 ? (int)n : EXIT_FAILURE;
		return true;
	}
	(void)fprintf(to, "%.*s\n", (int)line.n, line.p);
	return false;
}

/* Prints the lines that are whole. */
static bool
show_all(struct buf *in, int *status)
{
	const char *newline;
	size_t n;
	bool last;

	while (buf_len(in) > 0 && (newline = memchr(buf_head(in), '\n',
	    buf_len(in))) != NULL) {
		n = (size_t)(newline - buf_head(in));
		last = show((struct str){ buf_head(in), n }, status);
		buf_take(in, n + 1);
		if (last)
			return true;
	}
	return false;
}

/* More of the answer; 0, or -1 with the reason said. */
static int
read_more(int fd, struct buf *in, struct mono end)
{
	int64_t left = mono_us(mono_read(), end) / 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) == 0) {
		(void)fprintf(stderr, "pyked: the server does not answer; its "
		    "error log may say why\n");
		return -1;
	}
	if (buf_reserve(in, 4096) == -1) {
		(void)fprintf(stderr, "pyked: out of memory\n");
		return -1;
	}
	n = recv(fd, buf_tail(in), buf_room(in), 0);
	if (n == -1 && errno == EINTR)
		return 0;
	if (n <= 0) {
		(void)fprintf(stderr, "pyked: the server ended before it "
		    "answered; its error log may say why\n");
		return -1;
	}
	buf_added(in, (size_t)n);
	return 0;
}

int
ask(int fd, const char *word, int patience_s)
{
	struct mono end = mono_add_ms(mono_read(), (int64_t)patience_s * 1000);
	struct buf in = { .p = NULL };
	int status = EXIT_FAILURE;
	char line[32];
	int n = snprintf(line, sizeof(line), "%s\n", word);

	/* A master that is gone is noticed while reading. */
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) == -1)
		errno = 0;
	while (!show_all(&in, &status) && read_more(fd, &in, end) == 0)
		continue;
	buf_free(&in);
	(void)close(fd);
	return status;
}
