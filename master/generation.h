/*
 * generation: the workers of one configuration, and what they hold together.
 *
 *   STARTING -> SERVING -> ENDING
 *        `------------------^
 *
 * At most one is STARTING and at most one SERVING; the rest are older ones
 * that finish what they have begun.
 */
#ifndef MASTER_GENERATION_H
#define MASTER_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/clock.h"
#include "common/shm.h"
#include "master/authspawn.h"
#include "master/listen.h"

struct conf;
struct logs;

/* One place for a worker, and the process that fills it. */
struct worker_process {
	unsigned slot;
	pid_t pid;			/* 0 = none: see respawn_at */
	int channel;			/* owned; our end of the socketpair,
					 * -1 = closed */
	struct shm shm;			/* owned */
	unsigned column;		/* its of the master's tally; 0 = none,
					 * there is no process */
	bool ready;			/* it has said so */
	bool has_auth;			/* it was given a socket to the process
					 * that checks passwords */
	bool retiring;			/* nobody follows it in this place */
	struct mono started;
	unsigned early_deaths;		/* in a row */
	struct mono respawn_at;		/* when the place is filled again */
	int told;			/* the last signal sent, 0 = none */
	struct mono escalate_at;	/* when a stronger one follows */
	uint64_t heartbeat;		/* as it was at the last check */
	unsigned still;			/* checks since it moved */
	bool broken;			/* a ring made no sense: not yet told */
	struct mono told_rings_at;	/* when its rings were last told of */
};

enum generation_state {
	GENERATION_NONE,
	GENERATION_STARTING,		/* not every worker is ready */
	GENERATION_SERVING,		/* workers that die are replaced */
	GENERATION_ENDING		/* workers were told to finish */
};

struct generation {
	struct generation *next;	/* owned; an older one */
	unsigned number;
	enum generation_state state;
	struct mono deadline;		/* STARTING: when it has failed */
	struct conf *conf;		/* owned */
	struct listen_set listens;	/* owned; empty once ENDING */
	struct logs *fresh_logs;	/* owned; what it is to log to, until it
					 * serves; NULL = the master's */
	struct worker_process *workers;	/* owned; nworkers */
	unsigned nworkers;
	struct authspawn auth;		/* checks passwords for them */
};

/* Takes over conf, which it frees also when it fails: NULL. */
struct generation *generation_new(unsigned number, struct conf *conf);
/* Closes and frees what it holds, but ends no process. NULL is fine. */
void	generation_free(struct generation *g);
/* How many of its processes are there. */
unsigned generation_processes(const struct generation *g);
/* Every place has a worker that is ready. */
bool	generation_is_ready(const struct generation *g);
/* One place more (NULL when memory is short or there are too many), to be
 * filled at once; or one worker fewer, which gets patience_ms to finish. */
struct worker_process *generation_grow(struct generation *g);
void	generation_shrink(struct generation *g, int64_t patience_ms);
/* Signals its workers (one worker) and gives them so long to end before a
 * stronger signal follows. A stronger one is never taken back. */
void	generation_tell(struct generation *g, int signo, int64_t patience_ms);
void	generation_tell_worker(struct worker_process *w, int signo,
	    int64_t patience_ms);
/* No new connections: closes the listeners and lets its workers finish. */
void	generation_drain(struct generation *g, int64_t patience_ms);
/* Closes what is shared with a worker that is gone (or is a sibling of this
 * process). */
void	generation_forget_worker(struct worker_process *w);
/* Places at the end that are empty for good disappear. */
void	generation_trim(struct generation *g);

#endif
