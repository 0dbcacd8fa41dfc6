/*
 * arena: memory that dies together.
 *
 * One arena belongs to a request, one to a configuration. Zero is an empty
 * arena. Nothing is freed singly.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stddef.h>

#include "common/str.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* owned, newest first */
	char *next;			/* free room in the newest block */
	char *end;
};

/*
 * Lends the arena a first room of n bytes that it does not own (the tail of
 * the struct it serves, say); used before any block is allocated.
 */
void	arena_init(struct arena *a, void *room, size_t n);
/* Zeroed, aligned for any type; NULL when memory is short. */
void   *arena_alloc(struct arena *a, size_t n);
/* Copies, with a NUL behind; NULL when memory is short. */
char   *arena_strdup(struct arena *a, struct str s);
char   *arena_printf(struct arena *a, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Clears all that was ever put into its blocks; a lent room is its owner's to
 * clear. Only arena_free may follow. */
void	arena_wipe(struct arena *a);
void	arena_free(struct arena *a);

#endif
