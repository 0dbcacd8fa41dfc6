/*
 * orphan: a worker writes out its own log rings once the master is gone.
 */
#ifndef WORKER_ORPHAN_H
#define WORKER_ORPHAN_H

#include <stdbool.h>

#include "common/clock.h"

struct shm;

/* Takes the descriptors; -1 is none. */
void	orphan_open(struct shm *shm, int access_fd, int error_fd);
/* The master reopened a log: takes fd in place of the one before. */
void	orphan_set_log(bool access, int fd);
/* The master is gone; from now on the rings are ours to empty. */
void	orphan_begin(void);
/* Writes out what the rings hold, as far as the logs take it at once; does
 * nothing while there is a master. */
void	orphan_flush(void);
/* Are there lines that a slow reader has not taken yet? */
bool	orphan_has_lines(void);
/* The earlier of until and when to try again. */
struct mono orphan_next(struct mono until);

#endif
