/*
 * logs: the access log and the error log, and the master's own way into the
 * second.
 */
#ifndef MASTER_LOGS_H
#define MASTER_LOGS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "master/logfile.h"

struct conf;
struct conf_errors;
struct identity;

struct logs {
	struct logfile access;
	struct logfile error;
	bool echo;			/* show warnings and errors on standard
					 * error too: somebody waits for us */
	struct buf *copy;		/* borrowed; what the master's own
					 * warnings and errors say goes there
					 * too: somebody waits for a result.
					 * NULL = nobody */
	struct mono next_report;	/* of lines lost */
};

/* Opens (only checks) both logs as conf wants them. Mistakes go to errors:
 * 0 or -1, and then neither is open. */
int	logs_open(struct logs *l, const struct conf *conf, bool foreground,
	    struct conf_errors *errors);
int	logs_check(const struct conf *conf, const struct identity *who,
	    bool foreground, struct conf_errors *errors);
/* From here on what this process itself logs goes to l's error log; NULL: to
 * standard error again. */
void	logs_attach(struct logs *l);
/* l goes on with fresh's files; fresh is closed. */
void	logs_replace(struct logs *l, struct logs *fresh);
/* Opens both again by name; failures are logged and change nothing. */
void	logs_reopen(struct logs *l);
void	logs_close(struct logs *l);
/* In a child: lines that wait to be written are the parent's alone. */
void	logs_forget_lines(struct logs *l);
/* Closes and frees logs that were allocated. NULL is fine. */
void	logs_free(struct logs *l);
/* A whole line, or several, into the error log. */
void	logs_put_error(struct logs *l, const char *line, size_t n);
/* Says at once that access lines are being lost, and how many when it is over;
 * that at most once a second. */
void	logs_report(struct logs *l);

#endif
