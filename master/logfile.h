/*
 * logfile: one log that is written to and never waited for.
 *
 * Lines go out in one write() where the kernel takes them; what it does not
 * take now waits for a second and is then dropped and counted, and a full disk
 * drops at once. A line that was cut short by that is ended before the next.
 */
#ifndef MASTER_LOGFILE_H
#define MASTER_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/conf.h"

struct identity;

struct logfile {
	const char *name;		/* "access", "error" */
	enum conf_log_kind kind;	/* never UNSET once open */
	char *path;			/* owned; NULL unless kind is FILE */
	int fd;				/* owned; -1 = lines are thrown away */
	struct buf rest;		/* owned; not yet taken by the kernel */
	bool cut;			/* rest goes on with the line that the
					 * file ends within */
	bool midline;			/* the file ends within a line */
	int error;			/* of the last write, or 0 */
	struct mono failing;		/* since when; not set = it is not */
	size_t moved;			/* bytes that went out since then */
	uint64_t lost;			/* lines dropped, not yet reported */
	time_t lost_from;		/* wall time of the first of these */
	time_t lost_to;			/* and of the last */
	int lost_error;			/* why the last was lost, or 0 */
	bool announced;			/* it was said that lines are lost */
};

/* Opens what c names; a log named nowhere goes to terminal (a descriptor) in
 * the foreground and to the default file in the background (terminal -1),
 * where there is no standard output to go to. A failure is added to errors:
 * 0 or -1. */
int	logfile_open(struct logfile *f, const struct conf_logfile *c,
	    int terminal, struct conf_errors *errors);
/* Opens the same log again, after a rotation. 0, or -1 with errno: then
 * everything is as it was. */
int	logfile_reopen(struct logfile *f);
/* f goes on where fresh goes, with whole lines; fresh is empty afterwards. */
void	logfile_replace(struct logfile *f, struct logfile *fresh);
/*
 * Checks, and touches nothing, that logfile_open would not fail for the log
 * called name, and that whoever workers run as cannot replace the file that c
 * names (CVE-2016-1247); what is wrong is added to errors: 0 or -1.
 */
int	logfile_check(const char *name, const struct conf_logfile *c,
	    const struct identity *who, int terminal,
	    struct conf_errors *errors);
/* Writes whole lines, or keeps them, or drops and counts them. */
void	logfile_put(struct logfile *f, const char *p, size_t n);
/*
 * The same for lines that wait where they outlive this process: what the log
 * does not take now is the caller's to offer again, only the end of a line
 * that was cut is kept. Returns how many of the n bytes are dealt with.
 */
size_t	logfile_offer(struct logfile *f, const char *p, size_t n);
/* Tries again to write what was kept. */
void	logfile_flush(struct logfile *f);
/* Lines are being kept: better leave further ones where they are. */
bool	logfile_is_stuck(const struct logfile *f);
void	logfile_close(struct logfile *f);

#endif
