/*
 * ring: log lines on their way from one worker to the master.
 *
 * Shared memory with a single producer (the worker) and a single consumer
 * (the master). A line is put *before* the write that may carry the last byte
 * of its response and committed after it, or withdrawn when that write did
 * not complete; so a worker killed between the two leaves a line that the
 * master finds uncommitted, and no line of an answered request is lost.
 *
 *        tail             head              pending
 *   -----|----------------|-----------------|---------
 *   free | committed      | put, undecided  | free
 *
 * The three counters only grow; their place is counter % size. The consumer
 * trusts none of them: it keeps its own tail and checks before it copies.
 */
#ifndef COMMON_RING_H
#define COMMON_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_shared {
	_Atomic uint64_t head;		/* written by the producer */
	_Atomic uint64_t pending;	/* written by the producer */
	_Atomic uint64_t dropped;	/* lines that found no room */
	_Atomic uint64_t tail;		/* written by the consumer */
	char data[];
};

/* A process's view of a ring. size is its own, never read from the memory. */
struct ring {
	struct ring_shared *shared;	/* borrowed */
	size_t size;			/* of data, a power of two */
	uint64_t tail;			/* the consumer's own */
};

/* The bytes a ring with size bytes of data takes. */
size_t	ring_bytes(size_t size);

/* --- producer --- */

/* Puts one line (newline included), undecided. False when there is no room. */
bool	ring_put(struct ring *r, const char *line, size_t n);
/* Counts a line that is given up because there was no room. */
void	ring_drop(struct ring *r);
/* What ring_commit takes to commit everything put so far. */
uint64_t ring_mark(const struct ring *r);
/* Commits all lines put before mark. */
void	ring_commit(struct ring *r, uint64_t mark);
/* Takes back every undecided line. */
void	ring_withdraw(struct ring *r);
/* Bytes taken and not yet consumed. */
size_t	ring_used(const struct ring *r);

/* --- consumer --- */

/*
 * Copies up to cap bytes of committed lines to dst, ending at the end of a
 * line unless one is longer than cap; returns the bytes copied. Nothing is
 * given back to the producer before ring_consumed. A ring whose counters make
 * no sense is emptied and *broken set.
 */
size_t	ring_peek(struct ring *r, char *dst, size_t cap, bool *broken);
/* The same for the undecided lines of a dead producer, once all committed
 * ones were consumed. */
size_t	ring_peek_undecided(struct ring *r, char *dst, size_t cap);
/* n bytes that ring_peek gave have been written out. */
void	ring_consumed(struct ring *r, size_t n);
/* Lines dropped since the last call. */
uint64_t ring_take_dropped(struct ring *r);

#endif
