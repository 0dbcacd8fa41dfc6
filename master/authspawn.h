/*
 * authspawn: the process that checks passwords: forked, fed with files, joined
 * to its workers, and replaced when it dies. One for each generation that has
 * passwords to check.
 */
#ifndef MASTER_AUTHSPAWN_H
#define MASTER_AUTHSPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/clock.h"

struct authwatch;
struct generation;
struct master;

struct authspawn {
	pid_t pid;			/* 0 = none: see respawn_at */
	int channel;			/* owned; our end, -1 = closed */
	struct mono started;
	struct mono respawn_at;
	struct authwatch *watch;	/* owned; NULL = there is nothing to
					 * check, nor a process */
};

/* Once a turn: forks, feeds and joins what is to be. */
void	authspawn_step(struct master *m);
/* The generation needs it no more; false while the process is still there. */
bool	authspawn_end(struct generation *g);
/* Is pid one of them? */
bool	authspawn_is(const struct master *m, pid_t pid);
/* The same of one that was waited for: it is taken out of the books. */
bool	authspawn_bury(struct master *m, pid_t pid, int status);
/* Closes and frees what is held of it, but ends no process. */
void	authspawn_forget(struct generation *g);

#endif
