/*
 * Memory that dies together.
 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK	4096	/* bytes of an ordinary block */

struct arena_block {
	struct arena_block *older;	/* owned */
	size_t size;			/* of room */
	alignas(max_align_t) char room[];
};

void
arena_init(struct arena *a, void *room, size_t n)
{
	*a = (struct arena){ .next = room, .end = (char *)room + n };
}

/* The first aligned byte of the present room, or NULL when n do not fit. */
static char *
fit(const struct arena *a, size_t n)
{
	uintptr_t mask = alignof(max_align_t) - 1;
	size_t pad = (size_t)(-(uintptr_t)a->next & mask);

	if (a->next == NULL || (size_t)(a->end - a->next) < pad ||
	    (size_t)(a->end - a->next) - pad < n)
		return NULL;
	return a->next + pad;
}

static int
grow(struct arena *a, size_t n)
{
	size_t size = n > ARENA_BLOCK - sizeof(struct arena_block) ? n :
	    ARENA_BLOCK - sizeof(struct arena_block);
	struct arena_block *block;

	if (size > SIZE_MAX / 2)
		return -1;
	block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return -1;
	block->older = a->blocks;
	block->size = size;
	a->blocks = block;
	a->next = block->room;
	a->end = block->room + size;
	return 0;
}

/* As arena_alloc, but the bytes are whatever they were. */
static char *
take(struct arena *a, size_t n)
{
	char *p = fit(a, n);

	if (p == NULL) {
		if (grow(a, n) == -1)
			return NULL;
		p = fit(a, n);
	}
	a->next = p + n;
	return p;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	char *p = take(a, n);

	if (p != NULL)
		memset(p, 0, n);
	return p;
}

char *
arena_strdup(struct arena *a, struct str s)
{
	char *p = take(a, s.n + 1);

	if (p == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = take(a, (size_t)n + 1);
	if (p == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_wipe(struct arena *a)
{
	struct arena_block *block;

	for (block = a->blocks; block != NULL; block = block->older)
		explicit_bzero(block->room, block->size);
}

void
arena_free(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *older = a->blocks->older;

		free(a->blocks);
		a->blocks = older;
	}
	*a = (struct arena){ 0 };
}
