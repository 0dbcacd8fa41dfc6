/*
 * One log: writing to it without ever waiting.
 */
#include "master/logfile.h"

#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/devlog.h"

/* How long lines are kept for a reader that takes less than so much. */
#define PATIENCE_US	1000000
#define PROGRESS	((size_t)64 << 10)
/* How many bytes of them at most. */
#define REST_MAX	((size_t)1 << 20)

/* --- writing --- */

/* One write of n bytes at p, after a newline when the line before was cut
 * short, or one line to the system's daemon; how many of the n went out, or
 * -1. */
static ssize_t
write_once(struct logfile *f, const char *p, size_t n, bool newline)
{
	static char end_of_line[] = "\n";
	struct iovec iov[2] = {
		{ .iov_base = end_of_line, .iov_len = newline },
		/* writev only reads. */
		{ .iov_base = (void *)(uintptr_t)p, .iov_len = n },
	};
	ssize_t done;

	if (f->kind == CONF_LOG_SYSLOG)
		return devlog_send(f->fd, p, n);
	do {
		done = writev(f->fd, iov, 2);
	} while (done == -1 && errno == EINTR);
	if (done <= 0)
		return -1;
	return done - newline;
}

static void
note_failure(struct logfile *f, int error, size_t done)
{
	f->error = error;
	f->moved += done;
	if (mono_is_set(f->failing) && f->moved < PROGRESS)
		return;
	f->failing = clock_now();
	f->moved = 0;
}

/* Writes until all is out or the kernel refuses; returns how much is out. */
static size_t
write_out(struct logfile *f, const char *p, size_t n, bool newline)
{
	size_t done = 0;
	ssize_t w;

	while (done < n) {
		w = write_once(f, p + done, n - done, newline);
		if (w == -1) {
			note_failure(f, errno, done);
			return done;
		}
		newline = false;
		done += (size_t)w;
		f->midline = done > 0 && p[done - 1] != '\n';
	}
	f->error = 0;
	f->failing = (struct mono){ 0 };
	f->moved = 0;
	return done;
}

/* Only a slow reader is worth waiting for, and not for long. */
static bool
is_hopeless(const struct logfile *f)
{
	return f->error != 0 && (f->error != EAGAIN ||
	    mono_us(f->failing, clock_now()) > PATIENCE_US);
}

static void
lose(struct logfile *f, const char *p, size_t n)
{
	const char *end = p + n;

	if (f->lost == 0)
		f->lost_from = clock_wall();
	f->lost_to = clock_wall();
	f->lost_error = f->error;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		f->lost++;
		p++;
	}
}

/* cut: the file ends within the line that p goes on with. */
static void
keep(struct logfile *f, const char *p, size_t n, bool cut)
{
	bool first = buf_len(&f->rest) == 0;

	if (is_hopeless(f) || buf_len(&f->rest) + n > REST_MAX ||
	    buf_put(&f->rest, p, n) == -1)
		lose(f, p, n);
	else if (first)
		f->cut = cut;
}

void
logfile_put(struct logfile *f, const char *p, size_t n)
{
	size_t done = 0;

	if (f->fd == -1 || n == 0)
		return;
	if (buf_len(&f->rest) == 0)
		done = write_out(f, p, n, f->midline);
	if (done < n)
		keep(f, p + done, n - done, done > 0);
}

size_t
logfile_offer(struct logfile *f, const char *p, size_t n)
{
	const char *newline;
	size_t done, end = n;

	if (f->fd == -1 || n == 0)
		return n;
	if (buf_len(&f->rest) > 0)
		return 0;
	done = write_out(f, p, n, f->midline);
	if (done < n && is_hopeless(f)) {
		lose(f, p + done, n - done);
		return n;
	}
	if (done == n || done == 0 || p[done - 1] == '\n')
		return done;
	newline = memchr(p + done, '\n', n - done);
	if (newline != NULL)
		end = (size_t)(newline - p) + 1;
	keep(f, p + done, end - done, true);
	return end;
}

void
logfile_flush(struct logfile *f)
{
	size_t n = buf_len(&f->rest), done;

	if (n == 0)
		return;
	if (f->fd != -1) {
		done = write_out(f, buf_head(&f->rest), n,
		    f->midline && !f->cut);
		f->cut |= done > 0;
		buf_take(&f->rest, done);
	}
	n = buf_len(&f->rest);
	if (n > 0 && (f->fd == -1 || is_hopeless(f))) {
		lose(f, buf_head(&f->rest), n);
		buf_take(&f->rest, n);
	}
}

bool
logfile_is_stuck(const struct logfile *f)
{
	return buf_len(&f->rest) > 0;
}

/* --- another file --- */

/* The end of a line whose beginning is in a file that is left. */
static void
lose_cut_line(struct logfile *f)
{
	size_t n = buf_len(&f->rest);
	const char *p = buf_head(&f->rest), *newline;

	if (n == 0 || !f->midline || !f->cut)
		return;
	newline = memchr(p, '\n', n);
	if (newline != NULL)
		n = (size_t)(newline - p) + 1;
	lose(f, p, n);
	buf_take(&f->rest, n);
}

void
logfile_replace(struct logfile *f, struct logfile *fresh)
{
	/* What was begun in the old file is ended there, if it can be. */
	logfile_flush(f);
	lose_cut_line(f);
	if (f->fd != -1)
		(void)close(f->fd);
	free(f->path);
	f->kind = fresh->kind;
	f->path = fresh->path;
	f->fd = fresh->fd;
	f->midline = false;
	f->error = 0;
	f->failing = (struct mono){ 0 };
	fresh->path = NULL;
	fresh->fd = -1;
	logfile_flush(f);
}

void
logfile_close(struct logfile *f)
{
	if (f->fd != -1) {
		logfile_flush(f);
		(void)close(f->fd);
	}
	f->fd = -1;
	free(f->path);
	f->path = NULL;
	buf_free(&f->rest);
}
