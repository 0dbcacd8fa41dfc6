/*
 * path: file names of the command line.
 */
#ifndef MASTER_PATH_H
#define MASTER_PATH_H

/* Where the configuration is when none is named; make install may say. */
#ifndef PYKED_SYSCONFDIR
#define PYKED_SYSCONFDIR	"/etc"
#endif
#define PATH_CONF	PYKED_SYSCONFDIR "/pyked/pyked.conf"

/* file's name from the root on, as the process leaves its folder; to be freed.
 * NULL with the reason said on standard error. */
char   *path_absolute(const char *file);

#endif
