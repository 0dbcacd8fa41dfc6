/*
 * context: what one worker process consists of. Filled in by worker.c at the
 * start; lives as long as the process.
 */
#ifndef WORKER_CONTEXT_H
#define WORKER_CONTEXT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "worker/timeout.h"

struct conf;
struct conn;
struct loop;
struct scoreboard;

/* What a connection may wait for, each with its own length of time. */
enum conn_wait {
	WAIT_NONE,		/* for a handler, who has deadlines of his
				 * own */
	WAIT_HANDSHAKE,
	WAIT_HEAD,		/* the rest of a request's head, or the first */
	WAIT_IDLE,		/* the next request on a persistent
				 * connection */
	WAIT_BODY,		/* the request's body */
	WAIT_SEND,		/* the client to take what we send */
	WAIT_LINGER,		/* the client to see our last answer and
				 * close */
	WAIT_GONE,		/* the client closed; will a script answer
				 * soon? */
	WAIT_PEER,		/* as NONE, but input is full: did it leave? */
	WAIT_LOG,		/* room in the access-log ring */
	WAIT_PACE,		/* the time to send more */
	WAIT_KINDS
};

TAILQ_HEAD(conn_list, conn);

struct worker {
	const struct conf *conf;		/* borrowed, const */
	struct loop *loop;			/* owned */
	struct scoreboard *score;		/* borrowed, shared memory */
	struct timeoutq queue[WAIT_KINDS];
	struct conn *conns;			/* all that are open */
	struct conn_list again;			/* have more to do at once */
	struct conn *closed;			/* freed at the end of the
						 * turn */
	bool draining;				/* no new connections; answers
						 * say close */
};

#endif
