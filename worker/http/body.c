/*
 * The simplest source: bytes in memory.
 */
#include "worker/http/body.h"

#include "common/arena.h"

struct memory_source {
	struct source source;
	const char *p;			/* borrowed */
	size_t n;
};

static enum source_result
memory_next(struct source *s, struct span *span)
{
	struct memory_source *m = (struct memory_source *)s;

	if (m->n == 0)
		return SOURCE_END;
	*span = (struct span){ .p = m->p, .n = m->n };
	m->n = 0;
	return SOURCE_MORE;
}

static void
memory_close(struct source *s)
{
	(void)s;
}

static const struct source_ops memory_ops = { memory_next, memory_close };

struct source *
source_from_memory(struct arena *a, const char *p, size_t n)
{
	struct memory_source *m = arena_alloc(a, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->source.ops = &memory_ops;
	m->p = p;
	m->n = n;
	return &m->source;
}
