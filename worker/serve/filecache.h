/*
 * filecache: files that were sent lately, ready to be sent again.
 *
 * One for each worker. An entry is what a path means in a location to clients
 * that accept the same codings: the bytes of a small file, the descriptor of a
 * larger one, and the header lines. Nothing is believed for more than a
 * second: then the path is looked at anew, by the same rules, and the entry
 * goes on only if it is still the same file. What is behind a descriptor is
 * looked at each time. A file whose time says that it may change again
 * unnoticed is not kept. filetable has where they are kept, and for how long.
 */
#ifndef WORKER_SERVE_FILECACHE_H
#define WORKER_SERVE_FILECACHE_H

struct file;
struct request;

/* As file_open, from the cache where it can. */
int	filecache_open(struct request *r, const char *path, struct file *f);
/* f is about to be read and encrypted, whole. If it was at hand, so that it is
 * asked for again, it is read into memory thereby, for those that follow
 * within a second. */
void	filecache_copy(const struct request *r, const struct file *f);
/*
 * The index file of the folder r->path, if it was found within the last
 * second: its whole path, in the request's arena, or NULL.
 */
const char *filecache_index(struct request *r);
/* It is whole, which begins with r->path. */
void	filecache_keep_index(struct request *r, const char *whole);

#endif
