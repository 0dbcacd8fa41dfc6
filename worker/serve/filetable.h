/*
 * filetable: what the file cache keeps: a hash table, bounded in entries, bytes
 * and descriptors. What was not asked for lately leaves first, and a descriptor
 * after some seconds in any case.
 *
 * Private to filecache, but for what a worker's turn does with it.
 */
#ifndef WORKER_SERVE_FILETABLE_H
#define WORKER_SERVE_FILETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/str.h"
#include "worker/serve/file.h"
#include "worker/timeout.h"

struct conf_location;
struct request;

/* What a request must have in common with an entry. */
struct filekey {
	const struct conf_location *location;	/* borrowed, process */
	struct str path;
	uint32_t accepts;		/* variant_class */
	uint32_t hash;
};

struct fileentry {
	struct fileentry *next;		/* in its slot */
	TAILQ_ENTRY(fileentry) queue;
	struct filekey key;		/* path: owned, behind the entry */
	struct mono checked;
	struct timeout hold;		/* armed while it has a descriptor */
	bool used;			/* since it last came to the end */
	size_t cost;			/* bytes, but for its body's */
	struct file file;		/* body NULL: a folder */
	char *index;			/* owned: a folder's index file */
};

struct filekey filetable_key(const struct request *r);
/* NULL when there is none. */
struct fileentry *filetable_find(const struct filekey *k);
/* Is there room for an entry with so many bytes more, or can it be made? What
 * was evicted but is still being sent takes its room on. */
bool	filetable_make_room(const struct request *r, size_t n);
/* An entry without content, for which there is room: NULL when memory is
 * short. */
struct fileentry *filetable_enter(const struct request *r, size_t n);
/* Closes its file, frees it. */
void	filetable_drop(struct fileentry *e);

bool	filetable_has_descriptor(const struct fileentry *e);
/* It has one now, and keeps it for some seconds. */
void	filetable_hold(struct fileentry *e);
/* May one more be kept? If not, all that are held go, and then it may. */
void	filetable_make_place(void);
/* All that are held go; those in use live until they are sent. False: there
 * were none. */
bool	filetable_drop_held(void);

/* Lets go of the descriptors that nobody asked for lately. */
void	filetable_tick(struct mono now);
/* The earlier of until and when that is due. */
struct mono filetable_next(struct mono until);
/* Lets go of everything. */
void	filetable_free(void);

#endif
