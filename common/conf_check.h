/*
 * conf_check: what the schema says of a tree of directives.
 *
 * Private to conf_*. Fills in node->directive and the values of words, and
 * reports everything that a table can know. What needs more than one
 * directive to be seen is left to conf_build.
 */
#ifndef COMMON_CONF_CHECK_H
#define COMMON_CONF_CHECK_H

#include <stdbool.h>

struct conf_directive;
struct conf_errors;
struct conf_node;
struct conf_tree;

/* Checks all of tree->root. */
void	conf_check(struct conf_tree *tree);
/* Has node as many values as d takes? */
bool	conf_check_count(struct conf_errors *errors,
	    const struct conf_node *node, const struct conf_directive *d);
/* Reads the values of node by their types and limits. */
bool	conf_check_values(struct conf_tree *tree, struct conf_node *node,
	    const struct conf_directive *d);

#endif
