/*
 * holder: which process has a port that we cannot have.
 */
#ifndef MASTER_HOLDER_H
#define MASTER_HOLDER_H

#include <sys/types.h>

#include "common/proc.h"

struct net_addr;

struct holder {
	pid_t pid;			/* 0 = not to be found out */
	char name[PROC_NAME];
};

/* Finds who listens where addr cannot be bound. Only root sees the sockets of
 * other users' processes. */
struct holder holder_find(const struct net_addr *addr);

#endif
