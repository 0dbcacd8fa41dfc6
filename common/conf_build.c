/*
 * From directives to values, node by node.
 */
#include "common/conf_build.h"

#include <stdarg.h>
#include <string.h>

void
conf_wrong(const struct conf_scope *scope, const struct conf_word *at,
    const char *hint, const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	if (buf_vprintf(&text, fmt, ap) == -1)
		conf_no_memory(scope->tree);
	else
		conf_error(scope->tree->errors, &at->pos, CONF_WORD, hint,
		    "%.*s", (int)buf_len(&text), buf_head(&text));
	va_end(ap);
	buf_free(&text);
}

struct conf_dir *
conf_build_dir(struct conf_tree *tree, const char *path,
    const struct conf_pos *pos)
{
	struct conf *conf = &tree->conf;
	struct conf_dir *dir;
	size_t i;

	for (i = 0; i < conf->ndirs; i++) {
		dir = &conf->dirs[i];
		if (strcmp(dir->path, path) != 0)
			continue;
		if (dir->pos.file == NULL)
			dir->pos = *pos;
		return dir;
	}
	dir = &conf->dirs[conf->ndirs++];
	*dir = (struct conf_dir){ .path = path, .fd = -1, .pos = *pos };
	return dir;
}

/* --- nodes --- */

static void *
base(struct conf_scope *scope, const struct conf_directive *d)
{
	if ((d->where & (CONF_IN_LOCATION | CONF_IN_CGI_LIMITS)) != 0)
		return scope->location;
	return scope->tree;
}

void
conf_build_node(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_directive *d = node->directive;
	size_t i;

	for (i = 0; i < CONF_ARGS && i + 1 < node->nwords; i++)
		if (d->args[i].size > 0)
			conf_value_store(&d->args[i], base(scope, d),
			    node->words[i + 1].value);
	if (d->apply != NULL)
		d->apply(scope, node);
}

void
conf_build_some(struct conf_scope *scope, const struct conf_node *block,
    bool late)
{
	const struct conf_node *node;

	for (node = block->first; node != NULL; node = node->next)
		if (node->directive != NULL && node->directive->late == late)
			conf_build_node(scope, node);
}

void
conf_build_block(struct conf_scope *scope, const struct conf_node *node)
{
	conf_build_some(scope, node, false);
}
