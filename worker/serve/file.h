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
#include <time.h>

#include "common/str.h"
#include "worker/http/cond.h"

struct file_copy;
struct request;
struct stat;

#define FILE_FOLDER	(-2)	/* file_open: a folder has that name */

/*
 * The bytes of a file, for as long as anyone counts on them: an answer that is
 * being sent, or the file cache. They are in memory, or behind a descriptor.
 */
struct file_body {
	unsigned users;			/* each owns one reference */
	int fd;				/* owned, one descriptor of the ledger;
					 * -1 = bytes has all */
	char *bytes;			/* owned; NULL = fd has them */
	struct file_copy *copy;		/* one reference: those that were read
					 * to be encrypted; or NULL */
	char *text;			/* owned: what a cached file says of
					 * itself; or NULL */
	size_t cost;			/* bytes, that file_bytes_kept counts */
};

/* What tells whether a file is still the same. */
struct file_id {
	dev_t dev;
	ino_t ino;
	struct timespec modified;
	struct timespec changed;
	mode_t mode;			/* these can change within a tick of */
	uid_t uid;			/* the clock changed is read from */
	gid_t gid;
};

/* Text in it is borrowed: static, of the configuration, in the request's arena
 * or of the body. */
struct file {
	struct file_body *body;		/* one reference; NULL = closed */
	off_t size;
	struct file_id id;
	const char *type;		/* Content-Type */
	const char *coding;		/* Content-Encoding, or NULL */
	const char *cache;		/* Cache-Control, or NULL */
	bool varies;			/* who accepts other codings gets other
					 * bytes */
	bool compress;			/* coding is not in the file, but made
					 * on the way */
	bool again;			/* the file cache had it */
	bool passing;			/* what is said of it holds for this
					 * request alone */
	struct validators validators;
	struct str lines;		/* the header lines of a 200 but for its
					 * type, each with CRLF */
};

/*
 * Opens the file at path, which is r->path below the location's root, or the
 * precompressed one beside it that suits the client better. 0, the status to
 * fail with, or FILE_FOLDER.
 */
int	file_open(struct request *r, const char *path, struct file *f);
/* Gives up f's reference, if it has one. */
void	file_close(struct file *f);
/* Another reference. */
struct file_body *file_body_use(struct file_body *b);
/* One reference less; the last one closes and frees. */
void	file_body_drop(struct file_body *b);
/* The body has n bytes in memory, and is counted until it is freed. */
void	file_body_count(struct file_body *b, size_t n);
/* Of all bodies, in the cache or still being sent. */
size_t	file_bytes_kept(void);
/* Is it, by what st says, still the file that was opened? */
bool	file_is(const struct file *f, const struct stat *st);
/*
 * Would file_open find the same file at path again? It is not opened for that:
 * what changes who may read it changes its time of change, too. False also
 * where there may be variants, which only an opening finds.
 */
bool	file_is_still(const struct request *r, const char *path,
	    const struct file *f);
/*
 * What st says of the representation that is in a file: size and validators.
 * variant tells its entity-tag from those of the others of the same file. 0,
 * or -1 when memory is short.
 */
int	file_describe(struct request *r, struct file *f, const struct stat *st,
	    const char *variant);

#endif
