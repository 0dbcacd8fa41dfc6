/*
 * bufpool: blocks of memory that connections hand each other.
 *
 * A connection has buffers only while something is in them. Most requests and
 * answers fit a block, which goes from one connection to the next without the
 * allocator being asked.
 */
#ifndef WORKER_BUFPOOL_H
#define WORKER_BUFPOOL_H

struct buf;

/* Gives a buffer that holds nothing a block of the pool, if it has no memory
 * and the pool a block: it may be used, grown and freed like any other. */
void	bufpool_lend(struct buf *b);
/* Empties b; its memory goes back to the pool, or is freed. What was still in
 * it is wiped. */
void	bufpool_take_back(struct buf *b);
/* Frees the pool. */
void	bufpool_free(void);

#endif
