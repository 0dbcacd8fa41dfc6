/*
 * beneath_walk: what beneath does where the kernel has no openat2. For
 * beneath.c alone.
 */
#ifndef WORKER_SERVE_BENEATH_WALK_H
#define WORKER_SERVE_BENEATH_WALK_H

#include "common/conf.h"

/* As beneath_open; flags are complete. path is not absolute. */
int	beneath_walk(int dir, const char *path, int flags,
	    enum conf_symlinks links);

#endif
