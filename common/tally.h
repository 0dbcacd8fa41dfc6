/*
 * tally: what all workers of a master use up together, counted in memory that
 * they share.
 *
 * Each worker writes to a column of its own, so nothing is lost or counted
 * twice however one ends: the master clears the column then. All that the
 * master reads of it is nothing; a worker that writes nonsense there can make
 * others refuse what they might have taken.
 */
#ifndef COMMON_TALLY_H
#define COMMON_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define TALLY_COLUMNS	4096	/* the workers of four generations */

struct tally_shared;

/* The master's. Zero is not opened. */
struct tally {
	struct tally_shared *shared;	/* owned; a mapping */
	bool taken[TALLY_COLUMNS];
};

/* Before the first fork: 0, or -1 with errno. */
int	tally_open(struct tally *t);
void	tally_close(struct tally *t);
/* A column for a worker, which counts nothing yet; they begin at 1, and 0 is
 * that there is none left. */
unsigned tally_take(struct tally *t);
/* Its worker is gone. Harmless for 0. */
void	tally_give(struct tally *t, unsigned column);

/* A worker's: adds n to its column, unless all would be above most then. */
bool	tally_add(struct tally_shared *s, unsigned column, uint64_t n,
	    uint64_t most);
/* Takes back n of what it added. */
void	tally_sub(struct tally_shared *s, unsigned column, uint64_t n);

#endif
