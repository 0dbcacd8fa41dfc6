/*
 * `include`: which files a pattern names, and that none includes itself.
 */
#include "common/conf_parse.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_file.h"
#include "common/conf_tree.h"

/* One include directive at work. */
struct include {
	struct conf_tree *tree;
	struct conf_node *block;		/* where it stands */
	const struct conf_word *pattern;
	const struct conf_reading *includer;	/* NULL: the first file */
	struct conf_let **lets;
};

static void
failed(const struct include *i, const char *file)
{
	struct conf_pos first = { .file = file };
	const char *why = strerror(errno), *hint = NULL;

	if (errno == EINVAL) {
		why = "it is a pipe or a device";
		hint = "name a file: every reload reads it again";
	}
	if (i->includer == NULL)
		conf_error(i->tree->errors, &first, 0, hint,
		    "cannot be read: %s", why);
	else
		conf_error(i->tree->errors, &i->pattern->pos, CONF_WORD, hint,
		    "cannot include %s: %s", file, why);
}

/* Is path one of the files being read? */
static bool
is_loop(const struct conf_reading *r, const char *path)
{
	for (; r != NULL; r = r->includer)
		if (strcmp(r->path, path) == 0)
			return true;
	return false;
}

static void
include_real(const struct include *i, const char *file, const char *path)
{
	struct conf_reading reading = { .path = path, .includer = i->includer,
	    .depth = i->includer == NULL ? 0 : i->includer->depth + 1 };

	if (is_loop(i->includer, path))
		conf_error(i->tree->errors, &i->pattern->pos, CONF_WORD,
		    "a file cannot include itself, not by others either",
		    "%s is being read already", file);
	else if (reading.depth > CONF_INCLUDE_MAX)
		conf_error(i->tree->errors, &i->pattern->pos, CONF_WORD, NULL,
		    "includes are nested deeper than %d", CONF_INCLUDE_MAX);
	else if (conf_parse_file(i->tree, i->block, file, &reading,
	    i->lets) == -1)
		failed(i, file);
}

static void
include_file(const struct include *i, const char *name)
{
	char *file = conf_strdup(i->tree, str_from(name)), *path;

	if (file == NULL)
		return;
	path = realpath(file, NULL);
	if (path == NULL && strncmp(file, "/dev/", 5) == 0)
		path = strdup(file);	/* it may have no other name */
	if (path == NULL) {
		failed(i, file);
		return;
	}
	include_real(i, file, path);
	free(path);
}

/* glob(3) found something that it cannot look into; what is not there is no
 * mistake for a pattern. */
static int
unreadable(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

/* Makes the folder's own name safe from being read as a pattern. */
static char *
quote_folder(struct conf_tree *tree, const char *file, const char *name)
{
	size_t folder = strlen(file) - strlen(name), i;
	char *quoted = conf_alloc(tree, folder + strlen(file) + 1), *q = quoted;

	if (quoted == NULL)
		return NULL;
	for (i = 0; file[i] != '\0'; i++) {
		if (i < folder && strchr("*?[\\", file[i]) != NULL)
			*q++ = '\\';
		*q++ = file[i];
	}
	return quoted;
}

static void
include_glob(const struct include *i, const char *file)
{
	char *quoted = quote_folder(i->tree, file, i->pattern->text.p);
	glob_t found = { 0 };
	size_t k;
	int result;

	if (quoted == NULL)
		return;
	result = glob(quoted, 0, unreadable, &found);
	if (result == 0) {
		for (k = 0; k < found.gl_pathc; k++)
			include_file(i, found.gl_pathv[k]);
	} else if (result == GLOB_NOSPACE) {
		conf_no_memory(i->tree);
	} else if (result != GLOB_NOMATCH) {
		failed(i, file);
	}
	globfree(&found);
}

void
conf_include(struct conf_tree *tree, struct conf_node *block,
    const struct conf_word *pattern, const struct conf_reading *includer,
    struct conf_let **lets)
{
	struct include i = { .tree = tree, .block = block, .pattern = pattern,
	    .includer = includer, .lets = lets };
	char *file;

	if (includer == NULL) {
		include_file(&i, pattern->text.p);
		return;
	}
	if (pattern->text.n == 0) {
		conf_error(tree->errors, &pattern->pos, CONF_WORD, NULL,
		    "a file without a name");
		return;
	}
	file = conf_file_beside(&tree->arena, pattern->pos.file,
	    pattern->text);
	if (file == NULL)
		conf_no_memory(tree);
	else if (strpbrk(pattern->text.p, "*?[") != NULL)
		include_glob(&i, file);
	else
		include_file(&i, file);
}
