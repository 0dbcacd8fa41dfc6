/*
 * shares: how many connections each worker of a master holds, and which of
 * them wait for new ones, in memory that they share; so each can tell what its
 * fair share is, and whether somebody else is there.
 *
 * Each worker writes to a place of its own (by its column of the tally), which
 * the master clears when it ends. The master reads nothing of it; a worker that
 * writes nonsense there can make others take more new connections, or fewer for
 * some milliseconds.
 */
#ifndef COMMON_SHARES_H
#define COMMON_SHARES_H

#include <stdint.h>

struct shares;

enum shares_state {
	SHARES_NONE,			/* takes no new connections */
	SHARES_RESTING,			/* will again in a moment */
	SHARES_LISTENING		/* waits for them */
};

/* What a worker sees. */
struct shares_view {
	unsigned workers;		/* that listen or rest, itself
					 * included */
	unsigned listening;		/* others that listen */
	uint64_t connections;		/* of all these workers */
};

/* The master's, before the first fork: NULL with errno. */
struct shares *shares_open(void);
void	shares_close(struct shares *s);
/* The worker of that column is gone. Harmless for 0. */
void	shares_forget(struct shares *s, unsigned column);

/* A worker's. */
void	shares_set(struct shares *s, unsigned column, enum shares_state state,
	    unsigned connections);
struct shares_view shares_look(const struct shares *s, unsigned column);

#endif
