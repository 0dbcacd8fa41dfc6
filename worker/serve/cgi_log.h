/*
 * cgi_log: what the error log says of scripts, each line with the id of its
 * request, and all of them together no more than the log can take.
 */
#ifndef WORKER_SERVE_CGI_LOG_H
#define WORKER_SERVE_CGI_LOG_H

#include <stdint.h>

#include "common/log.h"
#include "common/str.h"

struct request;

#define CGI_LOG_BURST	1000	/* lines of a worker at once, */
#define CGI_LOG_RATE	100	/* and a second */

/*
 * One line: "[ID] script NAME: text". When there were too many lately it is
 * counted instead, and the count is logged before the next one.
 */
void	cgi_log(const char *id, struct str name, enum log_level level,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same for a request whose script is not known yet: its path names it. */
void	cgi_log_request(struct request *r, enum log_level level,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
