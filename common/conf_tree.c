/*
 * Memory of a configuration that is being made.
 */
#include "common/conf_tree.h"

#include <string.h>

void
conf_no_memory(struct conf_tree *t)
{
	if (!t->no_memory)
		conf_error(t->errors, NULL, 0, NULL, "out of memory");
	t->no_memory = true;
}

void *
conf_alloc(struct conf_tree *t, size_t n)
{
	void *p = arena_alloc(&t->arena, n);

	if (p == NULL)
		conf_no_memory(t);
	return p;
}

char *
conf_strdup(struct conf_tree *t, struct str s)
{
	char *p = arena_strdup(&t->arena, s);

	if (p == NULL)
		conf_no_memory(t);
	return p;
}

void *
conf_grow(struct conf_tree *t, const void *array, size_t n, size_t size)
{
	char *grown;

	if (n > 0 && (n & (n - 1)) != 0)
		return (void *)(uintptr_t)array;
	grown = conf_alloc(t, (n == 0 ? 1 : 2 * n) * size);
	if (grown != NULL && n > 0)
		memcpy(grown, array, n * size);
	return grown;
}
