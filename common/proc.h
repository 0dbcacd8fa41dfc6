/*
 * proc: what /proc says of processes: the children that a subreaper adopted,
 * and whatever else is there.
 */
#ifndef COMMON_PROC_H
#define COMMON_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_NAME	17	/* 16 bytes and a NUL */

struct proc_info {
	pid_t pid;
	pid_t parent;
	pid_t session;
	char state;			/* 'Z' and 'X' are dead */
	uint64_t start;			/* ticks since the machine started: with
					 * it, pid means one process for ever */
};

/* Looks at one child of this process: its id and the id of its session. */
typedef void proc_fn(pid_t pid, pid_t session, void *arg);

/* Calls fn for every living child of this process, zombies left out, as /proc
 * shows them; while some of them die it may miss others, so whoever must have
 * all asks again. 0, or -1 with errno when /proc cannot be read. */
int	proc_children(proc_fn *fn, void *arg);
/* Calls fn for every process, zombies too. 0, or -1 with errno. */
typedef void proc_info_fn(const struct proc_info *info, void *arg);
int	proc_all(proc_info_fn *fn, void *arg);
/* One process: 0, or -1 when there is none of that id. */
int	proc_read(pid_t pid, struct proc_info *out);
/* Does it still run, the same process and no zombie? */
bool	proc_is_alive(const struct proc_info *info);
/* The name it gives itself, without control bytes; "?" when it is gone. */
void	proc_name(pid_t pid, char name[PROC_NAME]);
/* How many tasks (threads) a user's processes have together; 0 with errno when
 * /proc cannot be read. */
unsigned proc_tasks_of(uid_t uid);
/* Makes this process the one that orphans below it are given to. */
void	proc_become_subreaper(void);

#endif
