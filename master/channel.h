/*
 * channel: the socketpairs between the master and its workers.
 */
#ifndef MASTER_CHANNEL_H
#define MASTER_CHANNEL_H

struct master;

/* Waits for a message, a signal or the next tick, lets signals in, updates the
 * clock, and takes note of what was said. */
void	channel_wait(struct master *m);

#endif
