/*
 * gzip: a file compressed while it is sent. Optional: without zlib there is
 * nothing here (PYKED_ZLIB), and the configuration refuses to ask for it.
 */
#ifndef WORKER_SERVE_GZIP_H
#define WORKER_SERVE_GZIP_H

#include <stdbool.h>

struct file;
struct request;
struct source;

/* May one more begin? Each holds a quarter of a megabyte, for as long as its
 * client pleases. */
bool	gzip_has_room(void);
/* A source of the file's bytes, compressed, for r, with a reference of its own
 * to them. NULL when memory is short. */
struct source *gzip_source(struct request *r, const struct file *f);

#endif
