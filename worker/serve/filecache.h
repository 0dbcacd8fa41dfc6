/*
 * filecache: files that were sent lately, ready to be sent again.
 *
 * One for each worker. An entry is what a path means in a location to clients
 * that accept the same codings: the bytes of a small file, the descriptor of a
 * larger one, and the header lines. Nothing is believed for more than a
 * second: then the path is looked at anew, by the same rules, and the entry
 * goes on only if it is still the same file. What is behind a descriptor is
 * looked at each time. A file whose time says that it may change again
 * unnoticed is not kept.
 *
 * Bounded in entries, bytes and descriptors; what was not asked for lately
 * leaves first, and a descriptor after some seconds in any case.
 */
#ifndef WORKER_SERVE_FILECACHE_H
#define WORKER_SERVE_FILECACHE_H

#include "common/clock.h"

struct file;
struct request;

/* As file_open, from the cache where it can. */
int	filecache_open(struct request *r, const char *path, struct file *f);
/*
 * The index file of the folder r->path, if it was found within the last
 * second: its whole path, in the request's arena, or NULL.
 */
const char *filecache_index(struct request *r);
/* It is whole, which begins with r->path. */
void	filecache_keep_index(struct request *r, const char *whole);
/* Lets go of the descriptors that nobody asked for lately. */
void	filecache_tick(struct mono now);
/* The earlier of until and when that is due. */
struct mono filecache_next(struct mono until);
/* Lets go of everything. */
void	filecache_free(void);

#endif
