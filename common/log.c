/*
 * The error log's lines: made, escaped and handed to the process's sink.
 */
#include "common/log.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"

#define ROLE_MAX	48

static enum log_level threshold = LOG_LEVEL_INFO;
static char log_role[ROLE_MAX] = "pyked";

static void
to_stderr(const char *line, size_t n)
{
	/* When even this fails there is nobody left to tell. */
	ssize_t ignored = write(STDERR_FILENO, line, n);

	(void)ignored;
}

static log_sink *sink = to_stderr;

void
log_set_level(enum log_level level)
{
	threshold = level;
}

void
log_set_role(const char *role)
{
	(void)snprintf(log_role, sizeof(log_role), "%s", role);
}

void
log_set_sink(log_sink *s)
{
	sink = s == NULL ? to_stderr : s;
}

/* The top bit of the first of eight bytes that is a quote, a backslash or no
 * printable ASCII; bytes behind it may be marked in vain. 0 when there is
 * none. */
static uint64_t
unclean(uint64_t eight)
{
	const uint64_t ones = UINT64_MAX / 255, tops = ones * 0x80;
	uint64_t del = eight ^ ones * 0x7f, quote = eight ^ ones * '"',
	    backslash = eight ^ ones * '\\';

	return (eight | ((eight - ones * ' ') & ~eight) |
	    ((del - ones) & ~del) | ((quote - ones) & ~quote) |
	    ((backslash - ones) & ~backslash)) & tops;
}

static bool
is_clean(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* How many bytes at p are written as they are. */
static size_t
clean_run(const char *p, size_t n)
{
	uint64_t eight;
	size_t i;

	for (i = 0; n - i >= 8; i += 8) {
		memcpy(&eight, p + i, 8);
		eight = unclean(le64toh(eight));
		if (eight != 0)
			return i + (size_t)__builtin_ctzll(eight) / 8;
	}
	while (i < n && is_clean(p[i]))
		i++;
	return i;
}

/* mark and two digits stand for a byte that is not written. */
static size_t
escape(char *dst, size_t dst_size, const char *p, size_t n, struct str mark)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0, run;
	unsigned char c;

	for (size_t i = 0; i < n; i++) {
		run = clean_run(p + i, n - i);
		if (run > dst_size - used)
			run = dst_size - used;
		memcpy(dst + used, p + i, run);
		used += run;
		i += run;
		if (i == n || dst_size - used < mark.n + 2)
			break;
		c = (unsigned char)p[i];
		memcpy(dst + used, mark.p, mark.n);
		used += mark.n;
		dst[used++] = hex[c >> 4];
		dst[used++] = hex[c & 15];
	}
	return used;
}

size_t
log_escape(char *dst, size_t dst_size, const char *p, size_t n)
{
	return escape(dst, dst_size, p, n, STR("\\x"));
}

size_t
log_escape_json(char *dst, size_t dst_size, const char *p, size_t n)
{
	return escape(dst, dst_size, p, n, STR("\\u00"));
}

/* As log_escape, but quotes and backslashes are the text's own. */
static size_t
escape_text(char *dst, size_t dst_size, const char *p, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if ((p[i] == '"' || p[i] == '\\') && used < dst_size)
			dst[used++] = p[i];
		else
			used += log_escape(dst + used, dst_size - used, p + i,
			    1);
	}
	return used;
}

static size_t
put_prefix(char *line, size_t size, const char *level)
{
	struct timespec ts;
	struct tm tm;
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	n = snprintf(line, size,
	    "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s: ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (int)(ts.tv_nsec / 1000000), level, log_role);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

__attribute__((format(printf, 3, 0))) static void
log_line(enum log_level level, const char *name, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX], line[LOG_LINE_MAX];
	int saved = errno;
	size_t used;
	int n;

	if (level < threshold)
		return;
	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	used = put_prefix(line, sizeof(line) - 1, name);
	used += escape_text(line + used, sizeof(line) - 1 - used, text,
	    (size_t)n);
	line[used++] = '\n';
	sink(line, used);
	errno = saved;
}

#define LOG_FUNCTION(function, level, name)				\
	void								\
	function(const char *fmt, ...)					\
	{								\
		va_list ap;						\
									\
		va_start(ap, fmt);					\
		log_line(level, name, fmt, ap);				\
		va_end(ap);						\
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, "error")
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN, "warn")
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, "info")
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, "debug")
