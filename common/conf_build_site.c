/*
 * Servers and their locations, complete with what they inherit.
 */
#include "common/conf_build.h"

#include <string.h>

#include "common/arena.h"

bool
conf_build_is_safe(const struct conf_scope *scope, const struct conf_word *path)
{
	if (strcmp(path->path, "/") != 0)
		return true;
	conf_wrong(scope, path, "name a folder below it",
	    "the whole machine cannot be served");
	return false;
}

void
conf_set_root(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *path = &node->words[1];

	if (conf_build_is_safe(scope, path))
		scope->location->root = conf_build_dir(scope->tree, path->path,
		    &path->pos);
}

void
conf_set_index(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_location *l = scope->location;
	const char **index;
	size_t i, n = node->nwords - 1;

	index = conf_alloc(scope->tree, n * sizeof(*index));
	if (index == NULL)
		return;
	for (i = 0; i < n; i++) {
		const struct conf_word *name = &node->words[i + 1];

		if (name->text.n == 0 || name->text.p[0] == '.' ||
		    strchr(name->text.p, '/') != NULL)
			conf_wrong(scope, name, "without a folder, and without "
			    "a dot before it", "\"%s\" cannot be an index",
			    name->text.p);
		index[i] = name->text.p;
	}
	l->index = index;
	l->nindex = n;
}

void
conf_set_certificate(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_server *server = scope->server;
	struct conf_cert *certs;

	certs = conf_grow(scope->tree, server->certs, server->ncerts,
	    sizeof(*certs));
	if (certs == NULL)
		return;
	server->certs = certs;
	certs[server->ncerts++] = (struct conf_cert){
	    .certificate = node->words[1].path, .pos = node->words[1].pos,
	    .key = node->words[2].path, .key_pos = node->words[2].pos };
}

/* --- locations --- */

static bool
contains(struct str s, const char *what)
{
	return s.n > 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* Why a location of that path could never match, or NULL. */
static const char *
unmatchable(struct str path)
{
	if (contains(path, "?") || contains(path, "#"))
		return "a location is a path, without \"?\" or \"#\"";
	if (contains(path, "//") || contains(path, "/./") ||
	    contains(path, "/../") || str_ends(path, STR("/.")) ||
	    str_ends(path, STR("/..")))
		return "paths have no \"//\", \"/./\" or \"/../\" when they "
		    "are compared";
	return NULL;
}

/* Fills in match and path from "= /x", "/x/" or "*.x". */
static bool
read_location(const struct conf_scope *scope, const struct conf_node *node,
    struct conf_location *l)
{
	static const char hint[] = "write: location /PATH, location = /PATH or "
	    "location *.EXTENSION";
	const struct conf_word *path = &node->words[node->nwords - 1];
	bool exact = node->nwords == 3, suffix;
	const char *why;

	suffix = !exact && str_starts(path->text, STR("*."));
	if (exact && !str_eq(node->words[1].text, STR("="))) {
		conf_wrong(scope, &node->words[1], hint,
		    "\"%s\" does not fit here", node->words[1].text.p);
		return false;
	}
	if (suffix ? path->text.n < 3 || strpbrk(path->text.p + 1, "*/") != NULL
	    : path->text.n == 0 || path->text.p[0] != '/') {
		conf_wrong(scope, path, hint, "\"%s\" is not a location",
		    path->text.p);
		return false;
	}
	why = unmatchable(path->text);
	if (why != NULL) {
		conf_wrong(scope, path, why, "this location never matches");
		return false;
	}
	l->match = exact ? CONF_MATCH_EXACT : suffix ? CONF_MATCH_SUFFIX :
	    CONF_MATCH_PREFIX;
	l->path = path->text;
	if (suffix)
		l->path = (struct str){ l->path.p + 1, l->path.n - 1 };
	l->pos = path->pos;
	return true;
}

static void
check_double(const struct conf_scope *scope, const struct conf_node *node,
    const struct conf_location *l)
{
	const struct conf_server *server = scope->server;
	size_t i;

	for (i = 0; i < server->nlocations; i++) {
		const struct conf_location *other = &server->locations[i];

		if (other->match == l->match && str_eq(other->path, l->path))
			conf_wrong(scope, &node->words[node->nwords - 1],
			    "keep one of them", "this location was given "
			    "already at %s:%u", other->pos.file,
			    other->pos.line);
	}
}

void
conf_set_location(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_server *server = scope->server;
	struct conf_location made = server->base, *all;
	struct conf_scope inner = *scope;

	if (!read_location(scope, node, &made))
		made.match = CONF_MATCH_PREFIX;	/* look inside nevertheless */
	else
		check_double(scope, node, &made);
	inner.location = &made;
	conf_build_some(&inner, node, false);
	all = conf_grow(scope->tree, server->locations, server->nlocations,
	    sizeof(*all));
	if (all == NULL)
		return;
	server->locations = all;
	all[server->nlocations++] = made;
}

/* --- servers --- */

/* Why name cannot be a server's, or NULL. */
static const char *
bad_name(struct str name)
{
	struct net_addr addr;
	size_t i, from = str_starts(name, STR("*.")) ? 2 : 0;

	if (str_eq(name, STR("*")))
		return NULL;
	if (name.n > 0 && name.p[0] == '[' &&
	    net_addr_parse(name, 0, &addr) == 0)
		return NULL;
	if (name.n == from || name.n > 253)
		return "write it like example.org, *.example.org or *";
	if (str_ends(name, STR(".")))
		return "without the dot at its end";
	if (contains(name, ":"))
		return "a port is given by listen";
	for (i = from; i < name.n; i++) {
		char c = ascii_lower(name.p[i]);

		if ((unsigned char)c >= 0x80)
			return "write it as in the DNS, beginning with xn--";
		if (!ascii_digit(c) && (c < 'a' || c > 'z') &&
		    strchr("-._", c) == NULL)
			return "write it like example.org, *.example.org or *";
	}
	return contains(name, "..") ? "without two dots in a row" : NULL;
}

static void
set_names(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_server *server = scope->server;
	struct str *names;
	size_t i, k, n = node->nwords - 1;

	names = conf_alloc(scope->tree, (n + 1) * sizeof(*names));
	if (names == NULL)
		return;
	for (i = 0; i < n; i++) {
		const struct conf_word *word = &node->words[i + 1];
		const char *why = bad_name(word->text);
		char *name = conf_strdup(scope->tree, word->text);

		if (name == NULL)
			return;
		if (why != NULL)
			conf_wrong(scope, word, why,
			    "\"%s\" is not a server's name", word->text.p);
		for (k = 0; k < word->text.n; k++)
			name[k] = ascii_lower(name[k]);
		names[i] = (struct str){ name, word->text.n };
	}
	server->names = names;
	server->nnames = n;
}

static bool
is_listen(const struct conf_node *node)
{
	return node->directive != NULL &&
	    node->directive->apply == conf_set_listen;
}

/* The word tls of a listen, or NULL. */
static const struct conf_word *
find_tls(const struct conf_node *node)
{
	size_t i;

	for (i = 2; i < node->nwords; i++)
		if (str_eq(node->words[i].text, STR("tls")))
			return &node->words[i];
	return NULL;
}

static void
check_tls(const struct conf_scope *scope, const struct conf_node *block)
{
	const struct conf_node *node;
	const struct conf_word *tls;

	if (scope->server->ncerts > 0)
		return;
	for (node = block->first; node != NULL; node = node->next) {
		tls = is_listen(node) ? find_tls(node) : NULL;
		if (tls != NULL)
			conf_wrong(scope, tls,
			    "add \"certificate FILE KEY\" to this server",
			    "tls without a certificate");
	}
}

/* What is missing; not in a block where something could not be read, it might
 * have been that. */
static void
finish_server(struct conf_scope *scope, const struct conf_node *block)
{
	const struct conf_node *node;
	bool listens = false;

	for (node = block->first; node != NULL; node = node->next) {
		if (node->directive == NULL)
			return;
		listens |= is_listen(node);
	}
	if (listens)
		check_tls(scope, block);
	else
		conf_build_default_listens(scope);
}

static void
build_server(struct conf_scope *scope, const struct conf_node *block)
{
	scope->location = &scope->server->base;
	scope->server->base.pos = scope->server->pos;
	conf_build_some(scope, block, true);
	finish_server(scope, block);
}

void
conf_set_server(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf *conf = &scope->tree->conf;
	struct conf_scope inner = *scope;

	scope->tree->server_nodes[conf->nservers] = node;
	inner.server = &conf->servers[conf->nservers++];
	inner.server->pos = node->words[0].pos;
	inner.server->base = scope->tree->base;
	inner.location = &inner.server->base;
	set_names(&inner, node);
	conf_build_some(&inner, node, false);
	build_server(&inner, node);
}

/* What is a server's, outside all servers, in a file that has any. */
static void
stray(struct conf_scope *scope, const struct conf_node *node)
{
	conf_wrong(scope, &node->words[0], "move it into a server block",
	    "\"%s\" outside the server blocks", node->words[0].text.p);
}

/* The one server of a file that has no server block. */
static void
build_implicit(struct conf_scope *scope)
{
	struct conf *conf = &scope->tree->conf;

	scope->tree->server_nodes[0] = scope->tree->root;
	scope->server = &conf->servers[conf->nservers++];
	scope->server->base = scope->tree->base;
	build_server(scope, scope->tree->root);
}

void
conf_build_servers(struct conf_tree *tree)
{
	struct conf_scope scope = { .tree = tree, .location = &tree->base };
	const struct conf_node *node;
	size_t n = 0;

	for (node = tree->root->first; node != NULL; node = node->next)
		n += node->nwords > 0 &&
		    str_eq(node->words[0].text, STR("server"));
	tree->conf.servers = conf_alloc(tree, (n + 1) *
	    sizeof(*tree->conf.servers));
	tree->server_nodes = conf_alloc(tree, (n + 1) *
	    sizeof(const struct conf_node *));
	if (tree->no_memory)
		return;
	if (n == 0) {
		build_implicit(&scope);
		return;
	}
	for (node = tree->root->first; node != NULL; node = node->next) {
		if (node->directive == NULL || !node->directive->late)
			continue;
		if (node->directive->block == CONF_IN_SERVER)
			conf_build_node(&scope, node);
		else
			stray(&scope, node);
	}
}
