/*
 * Both logs of the server: opened together, changed together, and what is said
 * when lines of them were lost.
 */
#include "master/logs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

/* No list of mistakes is longer. */
#define COPY_MAX	((size_t)256 << 10)

/* Where the master's own lines go; a sink has no argument. */
static struct logs *attached;

/* --- opening and closing --- */

/* Both in one file: what is wrong with it is told once. */
static bool
is_one_file(const struct conf *conf)
{
	return conf->access.kind == CONF_LOG_FILE &&
	    conf->error.kind == CONF_LOG_FILE &&
	    strcmp(conf->access.path, conf->error.path) == 0;
}

int
logs_check(const struct conf *conf, const struct identity *who,
    bool foreground, struct conf_errors *errors)
{
	int rc = logfile_check("access", &conf->access, who,
	    foreground ? STDOUT_FILENO : -1, errors);

	if (rc == -1 && is_one_file(conf))
		return -1;
	if (logfile_check("error", &conf->error, who,
	    foreground ? STDERR_FILENO : -1, errors) == -1)
		rc = -1;
	return rc;
}

int
logs_open(struct logs *l, const struct conf *conf, bool foreground,
    struct conf_errors *errors)
{
	int rc;

	*l = (struct logs){ .access = { .name = "access", .fd = -1 },
	    .error = { .name = "error", .fd = -1 } };
	rc = logfile_open(&l->access, &conf->access,
	    foreground ? STDOUT_FILENO : -1, errors);
	if ((rc == -1 && is_one_file(conf)) || logfile_open(&l->error,
	    &conf->error, foreground ? STDERR_FILENO : -1, errors) == -1)
		rc = -1;
	if (rc == -1)
		logs_close(l);
	return rc;
}

static bool
has_level(const char *line, size_t n, const char *level)
{
	const char *space = memchr(line, ' ', n);
	size_t len = strlen(level);

	return space != NULL && n - (size_t)(space - line) > len &&
	    memcmp(space, level, len) == 0;
}

static bool
is_bad_news(const char *line, size_t n)
{
	return has_level(line, n, " error ") || has_level(line, n, " warn ");
}

void
logs_put_error(struct logs *l, const char *line, size_t n)
{
	ssize_t ignored;

	logfile_put(&l->error, line, n);
	if (l->echo && is_bad_news(line, n)) {
		ignored = write(STDERR_FILENO, line, n);
		(void)ignored;
	}
}

/* What a line says, without when and who. */
static struct str
text_of(const char *line, size_t n)
{
	const char *colon = memmem(line, n, ": ", 2);
	size_t skip = colon == NULL ? 0 : (size_t)(colon - line) + 2;

	return (struct str){ line + skip, n - skip };
}

static void
own_line(const char *line, size_t n)
{
	struct buf *copy = attached->copy;

	logs_put_error(attached, line, n);
	if (copy != NULL && buf_len(copy) < COPY_MAX && is_bad_news(line, n))
		(void)buf_put_str(copy, text_of(line, n));
}

void
logs_attach(struct logs *l)
{
	attached = l;
	log_set_sink(l == NULL ? NULL : own_line);
}

void
logs_replace(struct logs *l, struct logs *fresh)
{
	logfile_replace(&l->access, &fresh->access);
	logfile_replace(&l->error, &fresh->error);
	logs_close(fresh);
}

static void
reopen(struct logfile *f)
{
	if (logfile_reopen(f) == -1)
		log_error("cannot reopen the %s log %s: %s; the old one is "
		    "kept", f->name, f->path, strerror(errno));
}

void
logs_reopen(struct logs *l)
{
	reopen(&l->access);
	reopen(&l->error);
}

void
logs_close(struct logs *l)
{
	logfile_close(&l->access);
	logfile_close(&l->error);
}

void
logs_forget_lines(struct logs *l)
{
	buf_free(&l->access.rest);
	buf_free(&l->error.rest);
}

void
logs_free(struct logs *l)
{
	if (l != NULL)
		logs_close(l);
	free(l);
}

/* --- what was lost --- */

static void
format_time(time_t t, char text[32])
{
	struct tm tm;

	(void)localtime_r(&t, &tm);
	if (strftime(text, 32, "%Y-%m-%dT%H:%M:%S%z", &tm) == 0)
		text[0] = '\0';
}

static const char *
why_lost(int error)
{
	switch (error) {
	case 0:
		return "the log could not be written";
	case EAGAIN:
		return "its reader does not read";
	default:
		return strerror(error);
	}
}

static const char *
cure(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "make room on its disk";
	case EFBIG:
		return "rotate it: it may not grow any more";
	case EAGAIN:
	case EPIPE:
		return "look after the program that reads it";
	default:
		return "look after its disk, or name another log and reload";
	}
}

/* Says at once that lines are being lost; of the error log nobody can be told
 * before it is over. */
static void
announce(struct logfile *f)
{
	if (f->lost == 0 || f->announced)
		return;
	f->announced = true;
	log_warn("%s lines are being lost: %s: %s", f->name,
	    why_lost(f->lost_error), cure(f->lost_error));
}

/* Says how many lines were lost once none is any more. */
static void
report_lost(struct logs *l, struct logfile *f)
{
	uint64_t n = f->lost, before;
	char from[32], to[32];

	/* Still failing, and a line was lost within the last second. */
	if (n == 0 || (f->error != 0 && f->lost_to + 1 >= clock_wall()))
		return;
	format_time(f->lost_from, from);
	format_time(f->lost_to, to);
	f->lost = 0;
	before = l->error.lost;
	log_warn("%llu %s lines lost from %s to %s: %s",
	    (unsigned long long)n, f->name, from, to, why_lost(f->lost_error));
	if (l->error.lost == before) {
		f->announced = false;
		return;
	}
	/* This line was lost as well: it is not counted, and comes again. */
	l->error.lost = before;
	f->lost = n;
}

void
logs_report(struct logs *l)
{
	announce(&l->access);
	if (mono_before(clock_now(), l->next_report))
		return;
	l->next_report = mono_add_ms(clock_now(), 1000);
	report_lost(l, &l->access);
	report_lost(l, &l->error);
}
