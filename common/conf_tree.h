/*
 * conf_tree: what surrounds a struct conf while it is made and dumped.
 *
 * Private to conf_*. Everything lives in the arena.
 */
#ifndef COMMON_CONF_TREE_H
#define COMMON_CONF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/conf_trust.h"

struct conf_node;

/* One line of a `types` block. */
struct conf_type_line {
	const char *type;
	const char *extension;
};

struct conf_tree {
	struct conf conf;		/* first, so that one is the other */
	struct arena arena;		/* owned: the tree and all it names */
	struct conf_location base;	/* the main level: servers begin so */
	uint64_t limits_body;		/* bytes, of `limits { body ... }` */
	struct conf_type_line *types;	/* ntypes, what was added */
	size_t ntypes;
	struct conf_trust trust;	/* of the trust-proxy block that is
					 * being read */

	/* Only while it is made. */
	struct conf_errors *errors;	/* borrowed */
	struct conf_node *root;
	size_t nnodes;
	bool no_memory;
	bool unbalanced;		/* a brace is missing or too many */
	const struct conf_node **server_nodes; /* of conf.servers, one each */
};

/* Adds the mistake "out of memory", once. */
void	conf_no_memory(struct conf_tree *t);
/* From the arena, zeroed; NULL, and a mistake, when memory is short. */
void   *conf_alloc(struct conf_tree *t, size_t n);
char   *conf_strdup(struct conf_tree *t, struct str s);
/*
 * Room for one more element behind the n of array; the array grows by
 * doubling, so hold no pointer into it. NULL as above.
 */
void   *conf_grow(struct conf_tree *t, const void *array, size_t n,
	    size_t size);

#endif
