/*
 * cgi_body: gathers the body of a request until its script can start.
 *
 * Small bodies stay in memory, larger ones go into an unlinked file, so a
 * slow client holds no script. Zero is an empty body. One that is streamed is
 * cgi_feed's business: it keeps here what is on its way.
 */
#ifndef WORKER_SERVE_CGI_BODY_H
#define WORKER_SERVE_CGI_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct conf;
struct tally_shared;

#define CGI_BODY_MEMORY	(64 * 1024)	/* bytes kept in memory */

struct cgi_body {
	struct buf memory;		/* owned: all of it while in_file is not
					 * set */
	bool in_file;
	int fd;				/* owned; the file; -1 = given away */
	uint64_t n;			/* bytes gathered; those announced, of
					 * a stream */
	uint64_t charged;		/* bytes of the spool */
	bool streaming;
	bool complete;			/* all of the stream has come in */
	int pipe;			/* of a stream: owned; the script reads
					 * from it; -1 = none, or closed */
};

/* Once per process: what is in the spool is counted in this column. */
void	cgi_body_open(struct tally_shared *shared, unsigned column);
/* Adds n bytes: 0, or the status to answer (503, 507). */
int	cgi_body_put(struct cgi_body *b, const struct conf *conf,
	    const char *p, size_t n);
/*
 * A descriptor from which a script can read the body, or -1 with errno; the
 * caller's to close, and to be had once. null is used for an empty body
 * (duplicated).
 */
int	cgi_body_stdin(struct cgi_body *b, const struct conf *conf, int null);
/* Closes a stream's pipe, which no loop may know any more, and drops what was
 * on its way. */
void	cgi_body_close_pipe(struct cgi_body *b);
/* Frees memory and descriptor, and gives back the spool's room: only when no
 * script reads the file any more. */
void	cgi_body_free(struct cgi_body *b);

#endif
