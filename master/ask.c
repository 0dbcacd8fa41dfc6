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

/* An answer on its way, see control.h. */
struct answer {
	struct buf in;			/* owned; what has come of it */
	struct buf *into;		/* borrowed; or NULL: it is printed */
	int status;			/* its last line */
};

/* One line of it: true when it was the last. */
static bool
take_line(struct answer *a, char kind, struct str line)
{
	uint64_t n;

	if (kind == '=') {
		a->status = str_u64(line, 255, &n) == 0 ? (int)n :
		    EXIT_FAILURE;
		return true;
	}
	if (kind == '>' && a->into != NULL)
		(void)buf_printf(a->into, "%.*s\n", (int)line.n, line.p);
	else
		(void)fprintf(kind == '!' ? stderr : stdout, "%.*s\n",
		    (int)line.n, line.p);
	return false;
}

/* The lines that are whole: true when the last was among them. */
static bool
take_lines(struct answer *a)
{
	const char *p, *newline;
	bool last = false;
	size_t n;

	while (!last && buf_len(&a->in) > 0 && (newline = memchr(
	    buf_head(&a->in), '\n', buf_len(&a->in))) != NULL) {
		p = buf_head(&a->in);
		n = (size_t)(newline - p);
		if (n > 0)
			last = take_line(a, *p, (struct str){ p + 1, n - 1 });
		buf_take(&a->in, n + 1);
	}
	return last;
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
ask(int fd, const char *word, int patience_s, struct buf *into)
{
	struct mono end = mono_add_ms(mono_read(), (int64_t)patience_s * 1000);
	struct answer a = { .into = into, .status = EXIT_FAILURE };
	char line[32];
	int n = snprintf(line, sizeof(line), "%s\n", word);

	/* A master that is gone is noticed while reading. */
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) == -1)
		errno = 0;
	while (!take_lines(&a) && read_more(fd, &a.in, end) == 0)
		continue;
	buf_free(&a.in);
	return a.status;
}
