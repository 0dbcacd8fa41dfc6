/*
 * gzip: a file compressed while it is sent. Optional: without zlib there is
 * nothing here (PYKED_ZLIB), and the configuration refuses to ask for it.
 */
#ifndef WORKER_SERVE_GZIP_H
#define WORKER_SERVE_GZIP_H

#include <stdbool.h>
#include <sys/types.h>

struct request;
struct source;

/* May one more begin? Each holds a quarter of a megabyte, for as long as its
 * client pleases. */
bool	gzip_has_room(void);
/*
 * A source of the size bytes at fd, compressed, for r. Takes fd, one
 * descriptor of the ledger. NULL when memory is short; fd is the caller's
 * then.
 */
struct source *gzip_source(struct request *r, int fd, off_t size);

#endif
