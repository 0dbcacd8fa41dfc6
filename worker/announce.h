/*
 * announce: idle descriptors say by a signal that something has come.
 *
 * For the loop, which need not look at them then. The signals are queued, one
 * for each event, and stay blocked; they are read from a descriptor that is
 * watched like any other. Linux has this; elsewhere announce_open fails, and
 * the loop looks.
 */
#ifndef WORKER_ANNOUNCE_H
#define WORKER_ANNOUNCE_H

#include <signal.h>
#include <stdbool.h>

/* The descriptor that says who has announced itself; -1 = cannot be had. The
 * caller closes it. Blocks the signals for good. */
int	announce_open(void);
/* The mask for pselect(): as sig_wait_mask(), but these stay blocked. */
const sigset_t *announce_wait_mask(void);
/* From now on fd announces what comes, to this process; what had come before is
 * not announced. 0, or -1 when it cannot: not everything has that. */
int	announce_start(int fd);
void	announce_stop(int fd);
/* Does fd say nothing of it when there is room to write again? */
bool	announce_is_mute(int fd);
/* Reads who has announced itself into fds, room of them at the most: how many
 * these are. They may be forgotten, closed or somebody else's by now. *lost is
 * set when there were more than could be queued. */
int	announce_read(int from, int *fds, int room, bool *lost);

#endif
