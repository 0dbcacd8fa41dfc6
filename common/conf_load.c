/*
 * conf_load: parse, check, build, in that order.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_build.h"
#include "common/conf_check.h"
#include "common/mime.h"

#define DEFAULT_WORDS	(CONF_ARGS + 1)
#define MAX_BODY_UNSET	UINT64_MAX	/* more than may be written */

/* One directive as if its default stood in a file. */
static void
build_default(struct conf_scope *scope, const struct conf_directive *d)
{
	struct conf_word words[DEFAULT_WORDS] = { { .value = 0 } };
	struct conf_node node = { .words = words, .directive = d, .nwords = 1 };
	const char *p = d->value;
	bool good;

	while (*p != '\0') {
		size_t n = strcspn(p, " ");
		char *text = conf_strdup(scope->tree, (struct str){ p, n });

		if (text == NULL)
			return;
		assert(node.nwords < DEFAULT_WORDS);
		words[node.nwords++].text = (struct str){ text, n };
		p += n + (p[n] == ' ');
	}
	good = conf_check_values(scope->tree, &node, d);
	assert(good || scope->tree->no_memory);
	if (good)
		conf_build_node(scope, &node);
}

static void
build_defaults(struct conf_scope *scope)
{
	size_t i;

	for (i = 0; i < conf_schema_count(); i++) {
		const struct conf_directive *d = conf_schema_at(i);

		if (d->value != NULL && !d->late)
			build_default(scope, d);
	}
}

/* What the main level says, wherever it stands: servers begin with it. */
static void
build_main(struct conf_scope *scope)
{
	scope->location->max_body = MAX_BODY_UNSET;
	conf_build_some(scope, scope->tree->root, false);
	if (scope->location->max_body == MAX_BODY_UNSET)
		scope->location->max_body = scope->tree->limits_body;
	conf_build_control(scope->tree);
}

static void
build(struct conf_tree *tree)
{
	struct conf_scope scope = { .tree = tree, .location = &tree->base };

	tree->conf.dirs = conf_alloc(tree,
	    (tree->nnodes + conf_schema_count()) * sizeof(*tree->conf.dirs));
	tree->conf.mime = mime_new();
	if (tree->conf.mime == NULL)
		conf_no_memory(tree);
	if (tree->no_memory)
		return;
	build_defaults(&scope);
	if (!tree->no_memory)
		build_main(&scope);
	if (!tree->no_memory)
		conf_build_servers(tree);
	if (!tree->no_memory)
		conf_build_check_require(tree);
	if (!tree->no_memory) {
		conf_build_places(tree);
		conf_build_listens(tree);
	}
}

/* What is read: a file, or a text, or (both NULL) nothing at all. */
struct source {
	const char *file;
	const char *text;
	bool anyhow;			/* mistakes are no reason to stop */
};

static void
read_source(struct conf_tree *tree, const struct source *s)
{
	if (s->text != NULL) {
		tree->conf.file = conf_command_line;
		conf_parse_text(tree, s->text);
	} else {
		tree->conf.file = conf_strdup(tree, str_from(s->file));
		conf_parse(tree, s->file);
	}
	conf_check(tree);
}

static struct conf *
load(const struct source *s, struct conf_errors *errors)
{
	struct conf_tree *tree = calloc(1, sizeof(*tree));
	unsigned before = errors->n;

	if (tree == NULL) {
		conf_error(errors, NULL, 0, NULL, "out of memory");
		return NULL;
	}
	tree->errors = errors;
	tree->root = conf_alloc(tree, sizeof(*tree->root));
	if ((s->file != NULL || s->text != NULL) && tree->root != NULL)
		read_source(tree, s);
	/* Which block things are in is not known then: what would be said of
	 * them is no help. */
	if ((!tree->unbalanced || s->anyhow) && !tree->no_memory)
		build(tree);
	tree->errors = NULL;
	tree->root = NULL;
	if (errors->n == before || (s->anyhow && !tree->no_memory))
		return &tree->conf;
	conf_free(&tree->conf);
	return NULL;
}

struct conf *
conf_load(const char *file, struct conf_errors *errors)
{
	return load(&(struct source){ .file = file }, errors);
}

const char conf_command_line[] = "the command line";

struct conf *
conf_load_text(const char *text, struct conf_errors *errors)
{
	return load(&(struct source){ .text = text }, errors);
}

struct conf *
conf_load_anyhow(const char *file)
{
	struct conf_errors unsaid = { .n = 0 };
	struct conf *conf = load(&(struct source){ .file = file,
	    .anyhow = true }, &unsaid);

	conf_errors_free(&unsaid);
	return conf;
}
