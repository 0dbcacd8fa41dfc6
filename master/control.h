/*
 * control: how "pyked reload", "reopen", "status" and -t speak with the master,
 * through the sockets of door.h.
 *
 * A client sends one line, one of these words, and reads the answer: lines that
 * begin with ">" (for its standard output) or "!" (for its standard error), and
 * last "=" and the status to exit with. The master waits for no client: each
 * has little room, a deadline, and no part in the loop but one step a turn.
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include "common/buf.h"
#include "common/clock.h"
#include "master/door.h"

struct conf;
struct fdset;
struct master;

#define CONTROL_CLIENTS	8		/* at once; further ones wait */
#define CONTROL_LINE	32		/* bytes of a request */

enum control_state {
	CONTROL_NONE,			/* the place is free */
	CONTROL_READING,		/* its line is not all there */
	CONTROL_WISHING,		/* waits for a reload to begin */
	CONTROL_RELOADING,		/* waits for that reload to end */
	CONTROL_WRITING			/* its answer goes out */
};

struct control_client {
	enum control_state state;
	int fd;				/* owned; unless NONE */
	char line[CONTROL_LINE];
	size_t len;			/* of what has come of it */
	struct buf out;			/* owned; the answer */
	struct mono deadline;		/* READING, WRITING */
};

struct control {
	struct door door;		/* owned */
	struct control_client clients[CONTROL_CLIENTS];
	struct buf said;		/* owned; what was logged during the
					 * reload that somebody waits for */
};

/* At the end. Whoever makes one opens its door. */
void	control_close(struct control *c);
/* In a child: closes all, and leaves the socket there. */
void	control_forget(struct control *c);
/* Adds what is to be waited for to set; returns one past the highest. */
int	control_collect(const struct control *c, struct fdset *set);
/* Takes clients, reads, does what they want, answers; never waits. */
void	control_step(struct master *m);
/* A reload begins: it is the one that clients have been waiting for. */
void	control_reload_begins(struct master *m);
/* It has ended so: they get what was logged, then text unless it is empty. */
void	control_reload_ended(struct master *m, int status, const char *text);
/* The master ends: whoever waits for a reload hears that there is none. */
void	control_stopping(struct master *m);

#endif
