/*
 * Lines about scripts: tagged, and counted out of a bucket that fills up
 * again with time.
 */
#include "worker/serve/cgi_log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/clock.h"
#include "worker/http/request.h"

static int64_t bucket = CGI_LOG_BURST;	/* lines that may be written now */
static struct mono filled;		/* when the last one was put in */
static uint64_t left_out;

static void
refill(void)
{
	int64_t us = mono_us(filled, clock_now());
	int64_t lines = us / (1000000 / CGI_LOG_RATE);

	if (!mono_is_set(filled) || lines >= CGI_LOG_BURST - bucket) {
		bucket = CGI_LOG_BURST;
		filled = clock_now();
	} else if (lines > 0) {
		bucket += lines;
		filled = mono_add_us(filled, lines *
		    (1000000 / CGI_LOG_RATE));
	}
}

/* May one more line be written? Says so when lines are left out, and how many
 * it were. */
static bool
take_line(void)
{
	refill();
	if (bucket == 0) {
		if (left_out++ == 0)
			log_warn("scripts cause too many lines here: more than "
			    "%d a second are left out", CGI_LOG_RATE);
		return false;
	}
	bucket--;
	/* Not one by one: that would only double what there is too much of. */
	if (left_out > 0 && bucket >= CGI_LOG_RATE / 2) {
		log_warn("%llu lines about scripts were left out",
		    (unsigned long long)left_out);
		left_out = 0;
	}
	return true;
}

__attribute__((format(printf, 4, 0))) static void
put(const char *id, struct str name, enum log_level level, const char *fmt,
    va_list ap)
{
	static void (*const log_at[])(const char *, ...) = {
		[LOG_LEVEL_DEBUG] = log_debug,
		[LOG_LEVEL_INFO] = log_info,
		[LOG_LEVEL_WARN] = log_warn,
		[LOG_LEVEL_ERROR] = log_error
	};
	char text[LOG_LINE_MAX];

	if (!take_line())
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	log_at[level]("[%s] script %.*s: %s", id, (int)name.n, name.p, text);
}

void
cgi_log(const char *id, struct str name, enum log_level level,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(id, name, level, fmt, ap);
	va_end(ap);
}

void
cgi_log_request(struct request *r, enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(request_id(r), r->path, level, fmt, ap);
	va_end(ap);
}
