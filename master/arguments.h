/*
 * arguments: a command line that names no configuration but what to serve.
 *
 *	pyked DIR [--tls]	a folder, at once, in the foreground
 *	pyked LOGFILE		./www, in the background
 *	pyked HTTP-PORT HTTPS-PORT LOGFILE LOCKFILE WWW SCRIPT KEY CERTIFICATE
 *
 * The last two are those of the course server that pyked comes from. Each is
 * turned into the text of a configuration, so that all else is as with a file.
 */
#ifndef MASTER_ARGUMENTS_H
#define MASTER_ARGUMENTS_H

#include <stdbool.h>

#include "common/buf.h"

struct arguments {
	struct buf text;		/* owned; ends with a NUL */
	struct buf greeting;		/* owned; likewise */
	int certificate;		/* owned; a file in memory that text
					 * names; -1 = none */
	bool foreground;		/* it stays, whether told so or not */
	bool alone;			/* see struct master_options */
};

/* Reads n words: 0, or the status to exit with, the mistake said on standard
 * error. Free it in both cases. */
int	arguments_read(struct arguments *a, int n, char **words);
void	arguments_free(struct arguments *a);

#endif
