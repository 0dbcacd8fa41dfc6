/*
 * What a site says of its scripts.
 */
#include "common/conf_build.h"

#include <errno.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_file.h"

static const struct form {
	const char *word;
	enum conf_cgi_kind kind;
	size_t nwords;			/* with the directive's name */
} forms[] = {
	{ "off", CONF_CGI_OFF, 2 },
	{ "on", CONF_CGI_ON, 2 },
	{ "dir", CONF_CGI_DIR, 3 },
	{ "program", CONF_CGI_PROGRAM, 3 },
	{ "with", CONF_CGI_WITH, 3 },
};

#define NFORMS	(sizeof(forms) / sizeof(forms[0]))

static const struct form *
find_form(const struct conf_scope *scope, const struct conf_node *node)
{
	static const char hint[] = "write: off, on, dir PATH, program PATH or "
	    "with PATH";
	const struct conf_word *word = &node->words[1];
	size_t i;

	for (i = 0; i < NFORMS; i++)
		if (str_eq(str_from(forms[i].word), word->text))
			break;
	if (i < NFORMS && forms[i].nwords == node->nwords)
		return &forms[i];
	if (i == NFORMS)
		conf_wrong(scope, word, hint, "\"%s\" does not fit here",
		    word->text.p);
	else if (node->nwords < forms[i].nwords)
		conf_wrong(scope, word, hint, "\"cgi %s\" needs a path",
		    forms[i].word);
	else
		conf_wrong(scope, &node->words[2], hint,
		    "too many values for \"cgi %s\"", forms[i].word);
	return NULL;
}

/* Scripts of a folder are named by what follows the location's path, which
 * must therefore end where a name begins. */
static bool
has_place(const struct conf_scope *scope, const struct conf_word *word)
{
	const struct conf_location *l = scope->location;

	if (l->match == CONF_MATCH_PREFIX && str_ends(l->path, STR("/")))
		return true;
	if (l->match == CONF_MATCH_PREFIX) {
		char *hint = arena_printf(&scope->tree->arena,
		    "write: location %.*s/ { ... }", (int)l->path.n,
		    l->path.p);

		conf_wrong(scope, word, hint, "\"cgi dir\" needs a location "
		    "that ends in \"/\"");
	} else {
		conf_wrong(scope, word, "write: location /cgi-bin/ { cgi dir "
		    "PATH }", "\"cgi dir\" needs a location of its own");
	}
	return false;
}

/* A program is started from its folder, which is opened before privileges
 * go. */
static void
set_program(struct conf_scope *scope, const struct conf_word *word,
    const char *path)
{
	struct conf_cgi *cgi = &scope->location->cgi;
	const char *slash = strrchr(path, '/');
	const char *folder;

	if (slash[1] == '\0') {
		conf_wrong(scope, word, "name a program", "this is a folder");
		return;
	}
	folder = slash == path ? "/" : conf_strdup(scope->tree,
	    (struct str){ path, (size_t)(slash - path) });
	if (folder == NULL)
		return;
	cgi->dir = conf_build_dir(scope->tree, folder, &word->pos);
	cgi->program = slash + 1;
}

static void
set_path(struct conf_scope *scope, const struct conf_word *word,
    enum conf_cgi_kind kind)
{
	struct conf_cgi *cgi = &scope->location->cgi;
	struct conf_word found = *word;

	if (word->text.n > 0)
		found.path = conf_file_resolve(&scope->tree->arena,
		    word->pos.file, word->text);
	if (found.path == NULL) {
		conf_wrong(scope, word, NULL, "%s", word->text.n == 0 ?
		    "an empty path" : strerror(errno));
		return;
	}
	cgi->pos = word->pos;
	if (kind == CONF_CGI_WITH)
		cgi->program = found.path;
	else if (kind == CONF_CGI_PROGRAM)
		set_program(scope, word, found.path);
	else if (conf_build_is_safe(scope, &found))
		cgi->dir = conf_build_dir(scope->tree, found.path, &word->pos);
}

void
conf_set_cgi(struct conf_scope *scope, const struct conf_node *node)
{
	const struct form *form = find_form(scope, node);
	struct conf_cgi *cgi = &scope->location->cgi;

	if (form == NULL)
		return;
	if (form->kind == CONF_CGI_DIR && !has_place(scope, &node->words[1]))
		return;
	cgi->kind = form->kind;
	cgi->dir = NULL;
	cgi->program = NULL;
	if (form->nwords > 2)
		set_path(scope, &node->words[2], form->kind);
}

/* --- environment --- */

/* May a site set this variable? Those that say what the request is are
 * pyked's: a script trusts them. */
static const char *
env_refusal(struct str name)
{
	static const char *const ours[] = { "AUTH_TYPE", "CONTENT_LENGTH",
	    "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO",
	    "PATH_TRANSLATED", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_PORT",
	    "REMOTE_USER", "REQUEST_ID", "REQUEST_METHOD", "REQUEST_URI",
	    "SCRIPT_FILENAME", "SCRIPT_NAME", "SERVER_NAME",
	    "SERVER_PORT", "SERVER_PROTOCOL",
	    "SERVER_SOFTWARE" };
	size_t i;

	if (!conf_lex_is_name(name))
		return "a name is made of letters, digits and \"_\"";
	if (str_starts(name, STR("HTTP_")))
		return "HTTP_ variables are the client's header fields";
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (str_eq(str_from(ours[i]), name))
			return "pyked sets it for each request";
	return NULL;
}

/* The variable of that name among env, or how many there are. */
static size_t
find_env(const struct conf_cgi *cgi, struct str name)
{
	size_t i;

	for (i = 0; i < cgi->nenv; i++)
		if (strncmp(cgi->env[i], name.p, name.n) == 0 &&
		    cgi->env[i][name.n] == '=')
			break;
	return i;
}

/* The array may be an outer block's too, so it is never added to in place. */
void
conf_set_env(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *name = &node->words[1];
	struct conf_cgi *cgi = &scope->location->cgi;
	const char *why = env_refusal(name->text), **env;
	size_t i;

	if (why != NULL) {
		conf_wrong(scope, name, why, "\"%s\" cannot be set",
		    name->text.p);
		return;
	}
	env = conf_alloc(scope->tree, (cgi->nenv + 1) * sizeof(*env));
	if (env == NULL)
		return;
	for (i = 0; i < cgi->nenv; i++)
		env[i] = cgi->env[i];
	i = find_env(cgi, name->text);
	env[i] = arena_printf(&scope->tree->arena, "%s=%s", name->text.p,
	    node->words[2].text.p);
	if (env[i] == NULL) {
		conf_no_memory(scope->tree);
		return;
	}
	cgi->env = env;
	cgi->nenv += i == cgi->nenv;
}

/* --- limits --- */

void
conf_build_places(struct conf_tree *tree)
{
	struct conf *conf = &tree->conf;
	size_t i, k;

	conf->processes = tree->base.cgi.processes;
	for (i = 0; i < conf->nservers; i++) {
		struct conf_server *s = &conf->servers[i];

		s->base.cgi.place = conf->places++;
		for (k = 0; k < s->nlocations; k++)
			s->locations[k].cgi.place = conf->places++;
	}
}

/* Two times of which the second cannot come before the first. */
void
conf_set_order(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *first = &node->words[1];
	const struct conf_word *second = &node->words[2];

	if (second->value < first->value)
		conf_wrong(scope, second, "both are counted from the same "
		    "moment", "\"%s\" is before \"%s\"", second->text.p,
		    first->text.p);
}

void
conf_set_processes(struct conf_scope *scope, const struct conf_node *node)
{
	if (node->nwords == 3 || node->nwords == 4)
		conf_wrong(scope, &node->words[2],
		    "write: processes N queue N TIME",
		    "too few values for \"processes\"");
}
