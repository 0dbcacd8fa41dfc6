/*
 * log: the error log's lines.
 *
 * A line is "2026-11-22T21:45:59.123Z error worker 3: text". Control bytes,
 * bytes past ASCII and backslashes in the text come out as \xHH, so no client
 * can forge a line. Where lines go is the process's business: the master
 * writes to a descriptor, a worker puts them into its ring.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdarg.h>
#include <stddef.h>

enum log_level {
	LOG_UNSET,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR
};

#define LOG_LINE_MAX	4096	/* with its newline; longer text is cut */

/* Takes one whole line, newline included. */
typedef void log_sink(const char *line, size_t n);

/* Lines below level are not made. The default is info. */
void	log_set_level(enum log_level level);
/* What stands between the level and the text: "master", "worker 3". Copied. */
void	log_set_role(const char *role);
/* Where lines go; NULL is standard error, the default. */
void	log_set_sink(log_sink *sink);

void	log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void	log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Copies n bytes at p to dst with every byte below 0x20, 0x7f and above, '"'
 * and '\' as \xHH; stops before dst_size would be passed. Returns the bytes
 * written. The one escaper of all logs; in JSON it is \u00HH.
 */
size_t	log_escape(char *dst, size_t dst_size, const char *p, size_t n);
size_t	log_escape_json(char *dst, size_t dst_size, const char *p, size_t n);

#endif
