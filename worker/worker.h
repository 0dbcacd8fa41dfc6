/*
 * worker: one process serving connections. This header is all the master
 * knows of it.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>

#include "common/net.h"

/* Told to finish, a worker goes on listening for so long where it ends for good
 * (net_end_deferral). */
#define WORKER_SILENT_MS (NET_SILENT_S * 1000 + 500)

struct conf;
struct conf_listen;
struct peers;
struct shares;
struct shm;
struct tally_shared;
struct tickets;

/* A listening socket, as the master bound it. */
struct listener {
	int fd;				/* owned by the process */
	const struct conf_listen *conf;	/* borrowed */
};

/*
 * What is said over the socketpair between a worker and the master, a byte
 * each way. EOF at the worker: the master is gone.
 */
enum worker_message {
	WORKER_NOTHING,
	WORKER_READY = 'R',		/* worker: serving from now on */
	WORKER_RING = 'L',		/* worker: a ring is a quarter full */
	WORKER_ACCESS_FD = 'A',		/* master: the reopened access log, with
					 * its descriptor */
	WORKER_ERROR_FD = 'E',		/* master: the reopened error log */
	WORKER_AUTH_FD = 'P'		/* master: a socket to the process that
					 * checks passwords */
};

struct worker_args {
	const struct conf *conf;	/* borrowed, const from here on */
	unsigned slot;			/* 0 to workers - 1 */
	unsigned generation;
	bool own_user;			/* privileges were dropped: nobody else
					 * is this user */
	int channel;			/* socketpair to the master; owned */
	struct shm *shm;		/* borrowed: this worker's */
	struct tally_shared *spooled;	/* borrowed: bytes in the spool, */
	struct peers *peers;		/* borrowed: what clients hold and
					 * spend */
	struct shares *shares;		/* borrowed: who holds how many
					 * connections */
	unsigned column;		/* of this worker in all three */
	struct tickets *tickets;	/* borrowed: keys of TLS session
					 * tickets */
	const struct listener *listeners; /* borrowed; the descriptors are the
					 * worker's to close */
	size_t nlisteners;
	int access_fd;			/* owned; -1 = no access log. Written to
					 * only when the master is gone */
	int error_fd;			/* owned; likewise */
};

/* What "pyked cgi" asks for; all borrowed. */
struct worker_trial {
	const struct conf *conf;
	bool own_user;			/* as above */
	const char *url;
	const char *body;		/* NULL = none */
};

/*
 * Runs the script that answers url as a worker would and says on standard
 * output what came of it. Called with privileges dropped; returns the status to
 * exit with.
 */
int	worker_try(const struct worker_trial *t);

/*
 * Serves until told to stop; exits the process (0: drained or stopped). Called
 * with privileges dropped, signals blocked, and nothing else open.
 */
noreturn void worker_run(const struct worker_args *args);

#endif
