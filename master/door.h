/*
 * door: where the master listens for the words of control.h: at the path that
 * the configuration says, and by the name of the configuration itself
 * (byname.h), which stays when that path is changed or removed.
 */
#ifndef MASTER_DOOR_H
#define MASTER_DOOR_H

#include <stdbool.h>

struct conf;

struct door {
	int fd;				/* owned; at path; -1 = there is none */
	char *path;			/* owned */
	int named;			/* owned; by name; -1 = there is none */
};

/*
 * Listens by the name of conf's file and, where conf names a path or this is
 * the one server with a pid file, there too. 0, or -1 with the reason logged:
 * where conf names no path a failure is only a warning.
 */
int	door_open(struct door *d, const struct conf *conf, bool one);
/* At the end: removes the socket. */
void	door_close(struct door *d);
/* In a child: closes both, and leaves the socket there. */
void	door_forget(struct door *d);

#endif
