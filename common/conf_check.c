/*
 * The schema's checks: known names, places, counts, types, limits, doubles.
 */
#include "common/conf_check.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/conf_file.h"
#include "common/conf_parse.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

#define DIRECTIVES_MAX	128

/* The directives seen in one block, to find the second of a kind. */
struct seen {
	const struct conf_node *first[DIRECTIVES_MAX];
};

bool
conf_check_count(struct conf_errors *errors, const struct conf_node *node,
    const struct conf_directive *d)
{
	size_t n = node->nwords - 1;
	bool few = n < d->least;
	char hint[200];

	if (!few && n <= d->most)
		return true;
	(void)snprintf(hint, sizeof(hint), "write: %s %s%s", d->name, d->shape,
	    few ? "" : "; a value with blanks stands in \"quotes\"");
	conf_error(errors, &node->words[few ? 0 : d->most + 1].pos, CONF_WORD,
	    hint, "too %s values for \"%s\"", few ? "few" : "many", d->name);
	return false;
}

/* One directive is known elsewhere, or not at all. */
static void
unknown(struct conf_tree *tree, const struct conf_node *node, unsigned where)
{
	const struct conf_word *name = &node->words[0];
	const char *block = conf_where_name(where);
	struct conf_nearest near = conf_nearest_start(name->text);
	char hint[160] = "\"pyked help\" lists all there are";

	conf_nearest_directive(&near, where);
	if (near.best.p == NULL)
		conf_nearest_directive(&near, CONF_IN_ANY);
	if (near.best.p != NULL)
		(void)snprintf(hint, sizeof(hint), "did you mean \"%.*s\"?",
		    (int)near.best.n, near.best.p);
	conf_error(tree->errors, &name->pos, CONF_WORD, hint,
	    "unknown directive \"%s\" %s %s", name->text.p,
	    where == CONF_IN_MAIN ? "at" : "in", block);
}

static void
misplaced(struct conf_tree *tree, const struct conf_node *node,
    const struct conf_directive *d, unsigned where)
{
	static const char why[] = "; is a \"}\" missing before it?";
	unsigned bit;
	char hint[200];
	int n = 0;

	for (bit = 1; bit < CONF_IN_FILE; bit <<= 1)
		if ((d->where & bit) != 0)
			n += snprintf(hint + n, sizeof(hint) - (size_t)n,
			    "%s%s", n == 0 ? "it belongs in: " : ", ",
			    conf_where_name(bit));
	if (d->where == CONF_IN_MAIN)
		(void)snprintf(hint + n, sizeof(hint) - (size_t)n, "%s", why);
	conf_error(tree->errors, &node->words[0].pos, CONF_WORD, hint,
	    "\"%s\" does not belong %s %s", d->name,
	    where == CONF_IN_MAIN ? "at" : "in a", conf_where_name(where));
}

static bool
check_block(struct conf_tree *tree, const struct conf_node *node,
    const struct conf_directive *d)
{
	char hint[160];

	if (node->has_block == (d->block != 0))
		return true;
	(void)snprintf(hint, sizeof(hint), "write: %s %s", d->name, d->shape);
	conf_error(tree->errors, &node->words[0].pos, CONF_WORD, hint,
	    node->has_block ? "\"%s\" has no block" : "\"%s\" needs a block",
	    d->name);
	return false;
}

static bool
check_single(struct conf_tree *tree, const struct conf_node *node,
    const struct conf_directive *d, struct seen *seen)
{
	const struct conf_node **first = &seen->first[conf_schema_number(d)];

	if (d->many)
		return true;
	if (*first == NULL) {
		*first = node;
		return true;
	}
	conf_error(tree->errors, &node->words[0].pos, CONF_WORD,
	    "keep one of them", "\"%s\" was given already at %s:%u", d->name,
	    (*first)->words[0].pos.file, (*first)->words[0].pos.line);
	return false;
}

/* $rest and $query are no names of values. */
static bool
check_names(struct conf_tree *tree, const struct conf_node *node,
    const struct conf_directive *d)
{
	bool good = true;
	size_t i;

	for (i = 0; i < node->nwords && !d->of_request; i++) {
		if (!node->words[i].of_request)
			continue;
		conf_error(tree->errors, &node->words[i].pos, CONF_WORD,
		    "only redirect has them; write \"$$\" for a dollar sign",
		    "$rest and $query mean nothing here");
		good = false;
	}
	return good;
}

/* --- values --- */

static void
out_of_range(struct conf_tree *tree, const struct conf_word *word,
    const struct conf_directive *d, const struct conf_arg *arg)
{
	struct buf range = { 0 };

	conf_value_write(arg, arg->min, &range);
	(void)buf_puts(&range, " to ");
	conf_value_write(arg, arg->max, &range);
	conf_error(tree->errors, &word->pos, CONF_WORD, NULL,
	    "\"%s\" is out of range: \"%s\" takes %.*s", word->text.p, d->name,
	    (int)buf_len(&range), buf_len(&range) > 0 ? buf_head(&range) : "");
	buf_free(&range);
}

static void
not_a_choice(struct conf_tree *tree, const struct conf_word *word,
    const struct conf_arg *arg)
{
	char hint[160] = "write ";
	size_t i, n = strlen(hint);

	for (i = 0; arg->choices[i] != NULL && n < sizeof(hint); i++)
		n += (size_t)snprintf(hint + n, sizeof(hint) - n, "%s%s",
		    i == 0 ? "" : arg->choices[i + 1] == NULL ? " or " : ", ",
		    arg->choices[i]);
	conf_error(tree->errors, &word->pos, CONF_WORD, hint,
	    "\"%s\" does not fit here", word->text.p);
}

static bool
check_path(struct conf_tree *tree, struct conf_word *word)
{
	const char *why = NULL;

	if (word->text.n == 0)
		why = "an empty path";
	else if ((word->path = conf_file_resolve(&tree->arena, word->pos.file,
	    word->text)) == NULL)
		why = strerror(errno);
	else if (strlen(word->path) >= PATH_MAX)
		why = "this path is too long";
	if (why != NULL)
		conf_error(tree->errors, &word->pos, CONF_WORD, NULL, "%s",
		    why);
	return why == NULL;
}

static bool
check_value(struct conf_tree *tree, struct conf_word *word,
    const struct conf_directive *d, const struct conf_arg *arg)
{
	bool limited = arg->max > 0;

	if (arg->type == CONF_PATH)
		return check_path(tree, word);
	if (conf_value_read(arg, word->text, &word->value) == -1) {
		if (arg->type == CONF_CHOICE)
			not_a_choice(tree, word, arg);
		else
			conf_error(tree->errors, &word->pos, CONF_WORD,
			    conf_value_example(arg->type), "\"%s\" is not %s",
			    word->text.p, conf_value_name(arg->type));
		return false;
	}
	if (arg->choices != NULL && !ascii_digit(word->text.p[0]))
		return true;	/* the word that stands for a number */
	if (limited && (word->value < arg->min || word->value > arg->max)) {
		out_of_range(tree, word, d, arg);
		return false;
	}
	return true;
}

bool
conf_check_values(struct conf_tree *tree, struct conf_node *node,
    const struct conf_directive *d)
{
	bool good = true;
	size_t i;

	for (i = 0; i + 1 < node->nwords && i < CONF_ARGS; i++)
		good &= check_value(tree, &node->words[i + 1], d, &d->args[i]);
	return good;
}

/* --- nodes --- */

/* Everything about one directive but what is in its block; the directive that
 * the block belongs to, or NULL. */
static const struct conf_directive *
check_node(struct conf_tree *tree, struct conf_node *node, unsigned where,
    struct seen *seen)
{
	const struct conf_directive *d;
	bool good;

	if (node->bad)
		return NULL;
	d = conf_schema_find(node->words[0].text, where);
	if (d == NULL) {
		d = conf_schema_find(node->words[0].text, CONF_IN_ANY);
		if (d == NULL)
			unknown(tree, node, where);
		else
			misplaced(tree, node, d, where);
		return NULL;
	}
	good = check_block(tree, node, d);
	good &= check_single(tree, node, d, seen);
	good &= check_names(tree, node, d);
	if (!conf_check_count(tree->errors, node, d) ||
	    !conf_check_values(tree, node, d))
		good = false;
	if (good)
		node->directive = d;
	return d;
}

static void
check_children(struct conf_tree *tree, struct conf_node *block, unsigned where)
{
	struct seen seen = { { NULL } };
	const struct conf_directive *d;
	struct conf_node *node;

	if (where == CONF_IN_TYPES)
		return;
	for (node = block->first; node != NULL; node = node->next) {
		d = check_node(tree, node, where, &seen);
		if (d != NULL && d->block != 0)
			check_children(tree, node, d->block);
	}
}

void
conf_check(struct conf_tree *tree)
{
	assert(conf_schema_count() <= DIRECTIVES_MAX);
	check_children(tree, tree->root, CONF_IN_MAIN);
}
