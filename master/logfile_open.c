/*
 * Opening a log, safely.
 */
#include "master/logfile.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/devlog.h"
#include "common/net.h"
#include "master/priv.h"

static enum conf_log_kind
kind_of(const struct conf_logfile *c, int terminal)
{
	if (c->kind != CONF_LOG_UNSET)
		return c->kind;
	if (terminal == -1)
		return CONF_LOG_FILE;
	return terminal == STDOUT_FILENO ? CONF_LOG_STDOUT : CONF_LOG_STDERR;
}

/* No link is followed, no terminal becomes ours, a FIFO without a reader does
 * not hold us up: it is opened for both, and fills. */
static int
open_file(const char *path)
{
	int flags = O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
	    O_NOCTTY;
	int fd = open(path, flags | O_WRONLY, 0640);

	if (fd == -1 && errno == ENXIO)
		fd = open(path, (flags & ~O_CREAT) | O_RDWR);
	return fd;
}

/*
 * A descriptor of our own for standard output or error. O_NONBLOCK belongs to
 * the open file, which we share with the shell: a pipe or terminal is opened
 * anew where that is allowed. What is none of these never blocks or is ours.
 */
static int
open_standard(int fd)
{
	char path[32];
	struct stat st;
	int own = -1;

	if (fstat(fd, &st) == -1)
		return -1;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC |
		    O_NOCTTY);
	}
	if (own == -1)
		own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (own != -1 && S_ISSOCK(st.st_mode))
		(void)net_prepare(own);
	return own;
}

static int
open_kind(enum conf_log_kind kind, const char *path)
{
	if (kind == CONF_LOG_STDOUT)
		return open_standard(STDOUT_FILENO);
	if (kind == CONF_LOG_STDERR)
		return open_standard(STDERR_FILENO);
	if (kind == CONF_LOG_SYSLOG)
		return devlog_open();
	return open_file(path);
}

static bool
is_standard(enum conf_log_kind kind)
{
	return kind == CONF_LOG_STDOUT || kind == CONF_LOG_STDERR;
}

/* The folder of the default log is made when it is missing. */
static void
make_default_folder(const struct conf_logfile *c)
{
	if (c->kind == CONF_LOG_UNSET)
		priv_make_folder_of(c->path);
}

static int
refuse_standard(const struct conf_logfile *c, struct conf_errors *errors)
{
	conf_error(errors, &c->pos, 0, NULL, "a log can go to stdout or stderr "
	    "only in the foreground (-f)");
	return -1;
}

static const char *
cure(int error)
{
	switch (error) {
	case ENOENT:
		return "make its folder";
	case EISDIR:
		return "name a file in it";
	case EACCES:
	case EPERM:
	case EROFS:
		return "name another file, or start as a user who may write it";
	default:
		return NULL;
	}
}

static int
refuse_file(const struct logfile *f, const struct conf_logfile *c, int error,
    struct conf_errors *errors)
{
	if (f->kind == CONF_LOG_SYSLOG) {
		conf_error(errors, &c->pos, 0, "start it, or name a file",
		    "no syslog daemon is at /dev/log: %s", strerror(error));
		return -1;
	}
	conf_error(errors, &c->pos, 0, cure(error),
	    "cannot open the %s log%s%s: %s", f->name,
	    f->kind == CONF_LOG_FILE ? " " : "",
	    f->kind == CONF_LOG_FILE ? c->path : "", error == ELOOP ?
	    "it is a symbolic link, which is not followed" : strerror(error));
	return -1;
}

int
logfile_open(struct logfile *f, const struct conf_logfile *c, int terminal,
    struct conf_errors *errors)
{
	enum conf_log_kind kind = kind_of(c, terminal);

	*f = (struct logfile){ .name = f->name, .kind = kind, .fd = -1 };
	if (kind == CONF_LOG_OFF)
		return 0;
	if (is_standard(kind) && terminal == -1)
		return refuse_standard(c, errors);
	if (kind == CONF_LOG_FILE) {
		make_default_folder(c);
		f->path = strdup(c->path);
	}
	if (kind != CONF_LOG_FILE || f->path != NULL)
		f->fd = open_kind(kind, f->path);
	if (f->fd != -1)
		return 0;
	(void)refuse_file(f, c, errno, errors);
	logfile_close(f);
	return -1;
}

static int
check_syslog(const struct logfile *f, const struct conf_logfile *c,
    struct conf_errors *errors)
{
	int fd = devlog_open();

	if (fd == -1)
		return refuse_file(f, c, errno, errors);
	(void)close(fd);
	return 0;
}

int
logfile_check(const char *name, const struct conf_logfile *c,
    const struct identity *who, int terminal, struct conf_errors *errors)
{
	struct logfile f = { .name = name, .kind = kind_of(c, terminal) };
	int error;

	if (f.kind == CONF_LOG_OFF)
		return 0;
	if (f.kind == CONF_LOG_SYSLOG)
		return check_syslog(&f, c, errors);
	if (f.kind != CONF_LOG_FILE)
		return terminal == -1 ? refuse_standard(c, errors) : 0;
	error = priv_cannot_write(c->path, c->kind == CONF_LOG_UNSET);
	if (error != 0)
		return refuse_file(&f, c, error, errors);
	if (!priv_may_replace(who, c->path))
		return 0;
	conf_error(errors, &c->pos, 0, NULL, "the log %s could be replaced by "
	    "the user that workers run as: let only root write to its folder",
	    c->path);
	return -1;
}

int
logfile_reopen(struct logfile *f)
{
	struct logfile fresh = { .name = f->name, .kind = f->kind, .fd = -1 };

	if (f->kind != CONF_LOG_FILE)
		return 0;
	fresh.path = strdup(f->path);
	if (fresh.path == NULL)
		return -1;
	fresh.fd = open_file(f->path);
	if (fresh.fd == -1) {
		logfile_close(&fresh);
		return -1;
	}
	logfile_replace(f, &fresh);
	return 0;
}
