/*
 * spawn: forks workers, at once or when their time has come.
 */
#ifndef MASTER_SPAWN_H
#define MASTER_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct generation;
struct master;
struct worker_process;

/* Fills every place of a new generation: 0, or -1 with the reason logged and
 * some of the places filled. */
int	spawn_all(struct master *m, struct generation *g);
/* Fills the places whose time has come again. */
void	spawn_due(struct master *m);
/* Says when w's place is to be filled again: at once for a worker that had
 * lived or is blameless (somebody else killed it), ever later for one that
 * dies young. */
void	spawn_schedule(struct worker_process *w, bool blameless);

/* Two ends for messages, as our processes have them: 0, or -1 with errno. */
int	spawn_pair(int ends[2]);
/* Forks a child that has the one end of such a pair, as we have the other: as
 * fork(2), with *channel in both. */
pid_t	spawn_fork(int *channel);
/* In a child: the signals of a terminal's group are ignored, and nothing of the
 * master, of another generation than own (which may be NULL) or of a worker
 * but self stays in this process. */
void	spawn_forget_master(struct master *m, struct generation *own,
	    const struct worker_process *self);

#endif
