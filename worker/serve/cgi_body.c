/*
 * cgi_body: gathers the body of a request until its script can start.
 *
 * Called by cgi's sink. The file has no name from birth, or loses it at once,
 * so it goes away with its last descriptor whatever happens.
 */
#include "worker/serve/cgi_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/tally.h"
#include "worker/ledger.h"

#define NAME_TRIES	16

static struct tally_shared *spooled;	/* borrowed; bytes in the files of all
					 * workers, */
static unsigned spooled_column;		/* and of this one */

void
cgi_body_open(struct tally_shared *shared, unsigned column)
{
	spooled = shared;
	spooled_column = column;
}

/* A file whose name is removed as soon as it is there. */
static int
open_named(int dir)
{
	char name[32];
	int fd, i;

	for (i = 0; i < NAME_TRIES; i++) {
		(void)snprintf(name, sizeof(name), "pyked-%08x%08x",
		    (unsigned)arc4random(), (unsigned)arc4random());
		fd = openat(dir, name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd == -1 && errno == EEXIST)
			continue;
		if (fd != -1)
			(void)unlinkat(dir, name, 0);
		return fd;
	}
	return -1;
}

static int
open_file(int dir)
{
	int fd;

	fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	/* Not every file system can do that; what old kernels say differs. */
	if (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR ||
	    errno == ENOENT || errno == EINVAL))
		fd = open_named(dir);
	return fd;
}

static int
open_spool(const struct conf *conf)
{
	int dir, fd, saved;

	if (conf->spool != NULL && conf->spool->fd >= 0)
		return open_file(conf->spool->fd);
	dir = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -1;
	fd = open_file(dir);
	saved = errno;
	(void)close(dir);
	errno = saved;
	return fd;
}

/* RFC 4918 11.5: 507 says that there is no room for this request. */
static int
status_of_spool(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		log_warn("no room for the body of a request in the spool");
		return 507;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		log_error("the spool cannot be written: %s", strerror(error));
		return 500;
	}
}

/* 0, or -1 with errno. */
static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* Adds to the file: 0, or -1 with errno. */
static int
put_file(struct cgi_body *b, const struct conf *conf, struct str bytes)
{
	if (!tally_add(spooled, spooled_column, bytes.n, conf->spool_total)) {
		errno = ENOSPC;
		return -1;
	}
	b->charged += bytes.n;
	return write_all(b->fd, bytes.p, bytes.n);
}

/* Moves what is in memory into a file: 0, or -1 with errno. */
static int
spill(struct cgi_body *b, const struct conf *conf)
{
	if (!ledger_take(1)) {
		errno = EMFILE;
		return -1;
	}
	b->fd = open_spool(conf);
	if (b->fd == -1) {
		ledger_give(1);
		return -1;
	}
	b->in_file = true;
	if (put_file(b, conf, buf_str(&b->memory)) == -1)
		return -1;
	buf_wipe(&b->memory);
	return 0;
}

int
cgi_body_put(struct cgi_body *b, const struct conf *conf, const char *p,
    size_t n)
{
	b->n += n;
	if (!b->in_file && b->n <= CGI_BODY_MEMORY)
		return buf_put(&b->memory, p, n) == 0 ? 0 : 503;
	if (!b->in_file && spill(b, conf) == -1)
		return status_of_spool(errno);
	if (put_file(b, conf, (struct str){ p, n }) == -1)
		return status_of_spool(errno);
	return 0;
}

/*
 * The whole body in a pipe that nobody writes to any more: the read end. -1
 * with errno; EAGAIN when it does not fit (a user with many pipes gets small
 * ones).
 */
static int
fill_pipe(struct str body)
{
	int fds[2], saved;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	/* Only our end: the script must find an ordinary one. */
	n = -1;
	if (fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0)
		n = write(fds[1], body.p, body.n);
	saved = n == -1 ? errno : EAGAIN;
	(void)close(fds[1]);
	if (n == (ssize_t)body.n)
		return fds[0];
	(void)close(fds[0]);
	errno = saved;
	return -1;
}

/* The file goes to its script, and is off our account of descriptors. */
static int
give_file(struct cgi_body *b)
{
	int fd;

	if (lseek(b->fd, 0, SEEK_SET) == -1)
		return -1;
	fd = b->fd;
	b->fd = -1;
	ledger_give(1);
	return fd;
}

int
cgi_body_stdin(struct cgi_body *b, const struct conf *conf, int null)
{
	int fd;

	if (b->n == 0)
		return fcntl(null, F_DUPFD_CLOEXEC, 3);
	if (!b->in_file) {
		fd = fill_pipe(buf_str(&b->memory));
		if (fd != -1 || errno != EAGAIN)
			return fd;
		if (spill(b, conf) == -1)
			return -1;
	}
	return give_file(b);
}

void
cgi_body_close_pipe(struct cgi_body *b)
{
	(void)close(b->pipe);
	ledger_give(1);
	b->pipe = -1;
	buf_wipe(&b->memory);
}

void
cgi_body_free(struct cgi_body *b)
{
	buf_wipe(&b->memory);
	if (b->streaming && b->pipe != -1)
		cgi_body_close_pipe(b);
	if (b->in_file && b->fd != -1) {
		(void)close(b->fd);
		ledger_give(1);
	}
	if (b->charged > 0)
		tally_sub(spooled, spooled_column, b->charged);
	*b = (struct cgi_body){ 0 };
}
