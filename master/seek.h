/*
 * seek: finds the master that runs with a configuration file.
 *
 * Three roads lead there, for what the file says may have changed since the
 * master read it: the name of the file itself (byname.h), the pid file, and
 * the control socket. Whoever listens is believed when he is root, ourselves
 * or the file's owner.
 */
#ifndef MASTER_SEEK_H
#define MASTER_SEEK_H

#include <sys/types.h>

#include "master/pidfile.h"

struct conf;

struct sought {
	pid_t pid;			/* of the master; 0 = none was found */
	struct pidfile pidfile;		/* what the file of that name says */
	int fd;				/* owned; reaches its control socket;
					 * -1 = it cannot be reached ... */
	int error;			/* ... and this is why */
};

/* Looks for whoever runs with file (absolute), which reads conf now; waits a
 * moment for one that is just starting. */
struct sought seek_master(const char *file, const struct conf *conf);
/* The one that listens by the name of file, or 0: nobody who is believed. */
pid_t	seek_by_name(const char *file);
void	seek_end(struct sought *s);

#endif
