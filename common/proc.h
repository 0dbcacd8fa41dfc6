/*
 * proc: finds the processes that a subreaper adopted.
 */
#ifndef COMMON_PROC_H
#define COMMON_PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* Looks at one child of this process: its id and the id of its session. */
typedef void proc_fn(pid_t pid, pid_t session, void *arg);

/* Calls fn for every living child of this process, zombies left out, as /proc
 * shows them. 0, or -1 with errno when /proc cannot be read. */
int	proc_children(proc_fn *fn, void *arg);
/* Makes this process the one that orphans below it are given to. */
void	proc_become_subreaper(void);

#endif
