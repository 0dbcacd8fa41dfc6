/*
 * pidfile: what a pid file says, for whoever does not hold it.
 */
#ifndef MASTER_PIDFILE_H
#define MASTER_PIDFILE_H

#include <sys/types.h>

#include <time.h>

enum pidfile_state {
	PIDFILE_NONE,			/* there is none */
	PIDFILE_STALE,			/* there is one that nobody holds */
	PIDFILE_HELD,			/* a master runs */
	PIDFILE_UNKNOWN			/* it cannot be looked at */
};

struct pidfile {
	enum pidfile_state state;
	pid_t pid;			/* HELD: of the master; 0 when it has
					 * not said so yet */
	time_t since;			/* HELD: when it wrote the file */
	int error;			/* UNKNOWN: errno */
};

#define PIDFILE_TIME	32

struct pidfile pidfile_look(const char *path);
/* The time since when it runs, as people write it. */
void	pidfile_since(const struct pidfile *p, char text[PIDFILE_TIME]);

#endif
