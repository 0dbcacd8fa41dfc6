/*
 * file: from a path to an open file, with all that an answer says of it.
 *
 * Every decision is made on the open descriptor, so nothing can be swapped
 * between the look and the use.
 */
#ifndef WORKER_SERVE_FILE_H
#define WORKER_SERVE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "worker/http/cond.h"

struct request;
struct stat;

#define FILE_FOLDER	(-2)	/* file_open: a folder has that name */

/* Text in it is borrowed: static, of the configuration, or in the request's
 * arena. */
struct file {
	int fd;				/* owned, one descriptor of the
					 * ledger */
	off_t size;
	const char *type;		/* Content-Type */
	const char *coding;		/* Content-Encoding, or NULL */
	const char *cache;		/* Cache-Control, or NULL */
	bool varies;			/* who accepts other codings gets other
					 * bytes */
	bool compress;			/* coding is not in the file, but made
					 * on the way */
	struct validators validators;
};

/*
 * Opens the file at path, which is r->path below the location's root, or the
 * precompressed one beside it that suits the client better. 0, the status to
 * fail with, or FILE_FOLDER.
 */
int	file_open(struct request *r, const char *path, struct file *f);
/* For whoever opened it and did not answer with it. */
void	file_close(struct file *f);
/*
 * What st says of the representation that is in a file: size and validators.
 * variant tells its entity-tag from those of the others of the same file. 0,
 * or -1 when memory is short.
 */
int	file_describe(struct request *r, struct file *f, const struct stat *st,
	    const char *variant);

#endif
