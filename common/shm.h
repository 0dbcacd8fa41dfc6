/*
 * shm: one mapping per worker, shared with the master: its scoreboard and its
 * two log rings.
 *
 * Made by the master before the fork. A worker unmaps its siblings'.
 */
#ifndef COMMON_SHM_H
#define COMMON_SHM_H

#include <stddef.h>

#include "common/ring.h"
#include "common/scoreboard.h"

#define SHM_ACCESS_RING	((size_t)4 << 20)	/* bytes of access-log lines */
#define SHM_ERROR_RING	((size_t)256 << 10)	/* bytes of error-log lines */

struct shm {
	void *map;			/* owned; NULL = not mapped */
	struct scoreboard *score;	/* in map */
	struct ring access;		/* in map */
	struct ring errors;		/* in map */
};

/* 0, or -1 with errno. */
int	shm_open_worker(struct shm *s);
void	shm_close(struct shm *s);

#endif
