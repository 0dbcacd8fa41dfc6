/*
 * A stack of blocks of one size.
 */
#include "worker/bufpool.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define BLOCK		4096	/* the head of a request; an answer of some
				 * 3 kB with its head */
#define BLOCKS_MAX	64	/* kept for the next ones */

static char *block[BLOCKS_MAX];		/* owned */
static unsigned nblocks;

void
bufpool_lend(struct buf *b)
{
	char *p;

	if (b->cap > 0)
		return;
	p = nblocks > 0 ? block[--nblocks] : malloc(BLOCK);
	if (p != NULL)
		*b = (struct buf){ .p = p, .cap = BLOCK };
}

void
bufpool_take_back(struct buf *b)
{
	/* Half a request may be the half with the password in it. */
	if (buf_len(b) > 0)
		explicit_bzero(b->p, b->cap);
	if (b->cap != BLOCK || nblocks == BLOCKS_MAX) {
		buf_free(b);
		return;
	}
	block[nblocks++] = b->p;
	*b = (struct buf){ 0 };
}

void
bufpool_free(void)
{
	while (nblocks > 0)
		free(block[--nblocks]);
}
