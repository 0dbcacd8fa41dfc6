/*
 * ending: ends a master from outside, and waits until nothing of it is left.
 */
#ifndef MASTER_ENDING_H
#define MASTER_ENDING_H

#include <sys/types.h>

/*
 * Sends signo to the master and waits until it, its workers and their scripts
 * are gone, patience_s seconds at most. Returns the status to exit with; what
 * failed is said on standard error.
 */
int	ending_wait(pid_t master, int signo, int patience_s);

#endif
