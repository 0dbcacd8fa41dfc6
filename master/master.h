/*
 * master: supervises the workers; never reads a byte that a client sent.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>

#include "common/clock.h"
#include "common/fdset.h"
#include "common/peers.h"
#include "common/shares.h"
#include "common/tally.h"
#include "master/control.h"
#include "master/daemon.h"
#include "master/logs.h"
#include "master/priv.h"

struct conf;
struct generation;
struct tickets;

struct master_options {
	const char *file;		/* borrowed; absolute path, or a name
					 * for text */
	const char *text;		/* borrowed; the configuration itself,
					 * made from the command line; NULL =
					 * it is in file */
	const char *greeting;		/* borrowed; for standard output once
					 * all is ready; NULL = silence */
	bool foreground;
	bool alone;			/* not the machine's one server: no pid
					 * file, no control socket */
};

enum master_state {
	MASTER_NONE,
	MASTER_STARTING,		/* no generation is ready yet */
	MASTER_SERVING,
	MASTER_QUITTING,		/* workers finish what they began */
	MASTER_STOPPING			/* workers end at once */
};

struct master {
	const struct master_options *options; /* borrowed */
	enum master_state state;
	struct mono started;
	int status;			/* what the process is to exit with */
	bool terminal;			/* SIGHUP means that it was closed */
	struct identity identity;
	struct daemon daemon;
	struct control control;
	struct logs logs;
	struct peers *peers;		/* owned: what clients hold and spend */
	struct shares *shares;		/* owned; who holds how many
					 * connections */
	struct tally spooled;		/* bytes in the spool, of all workers */
	struct tickets *tickets;	/* owned: keys of TLS session tickets */
	struct mono rekeyed;		/* when the newest was made */
	struct generation *generations;	/* owned; newest first */
	unsigned last_number;		/* of the newest ever made */
	bool reload_wanted;		/* SIGHUP came and waits for its turn */
	bool orphans;			/* adopted processes may be there */
	bool more_lines;		/* a ring was not emptied */
	struct mono next_check;		/* of the heartbeats */
	struct mono end_by;		/* STOPPING: no waiting after this */
	struct mono admitted;		/* when signals were last let in */
	struct fdset readable;		/* owned; the workers' channels */
};

/*
 * Runs the server: takes over conf, returns the status to exit with once all
 * workers have ended. Workers are forked in it and never return from it.
 */
int	master_run(const struct master_options *options, struct conf *conf,
	    const struct identity *who);

/* For the other files of the master. */

/* The generation that serves; NULL before the first is ready and at the end. */
struct generation *master_serving(const struct master *m);
/* Opens the logs again, here and in the workers. */
void	master_reopen_logs(struct master *m);
/* Everybody stops at once; a second time they are killed. */
void	master_stop(struct master *m);

#endif
