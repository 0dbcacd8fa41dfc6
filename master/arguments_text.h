/*
 * arguments_text: what the ways to read a command line have in common, and
 * these ways, for arguments.
 *
 * All return 0, or the status to exit with, the mistake said on standard error.
 */
#ifndef MASTER_ARGUMENTS_TEXT_H
#define MASTER_ARGUMENTS_TEXT_H

#include <stdbool.h>
#include <stdlib.h>

struct arguments;
struct buf;

enum {
	EXIT_USAGE = 2,
	EXIT_CONF = 78			/* EX_CONFIG of sysexits.h */
};

#define ARGUMENTS_OLD	8		/* how many there are in the old one */

/* Says what is wrong; returns status. */
int	arguments_wrong(int status, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* No configuration can hold the name of this file. */
int	arguments_refuse_name(const char *file);
/* Appends "name PATH" with the absolute path of file. */
int	arguments_put_path(struct buf *text, const char *name,
	    const char *file);
/* Appends a log block that names one file for all. */
int	arguments_put_log(struct buf *text, const char *file);

/* The old command line, of so many words. */
int	arguments_old(struct arguments *a, char **words);
/* A log file alone. */
int	arguments_log(struct arguments *a, const char *log);
/* A folder. */
int	arguments_folder(struct arguments *a, const char *folder, bool tls);

#endif
