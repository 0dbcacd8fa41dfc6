/*
 * Which of several servers answers, when all of them are known.
 */
#include "common/conf_build.h"

#include "common/net.h"

static bool
is_any(const struct conf_server *s)
{
	size_t i;

	for (i = 0; i < s->nnames; i++)
		if (str_eq(s->names[i], STR("*")))
			return true;
	return s->nnames == 0;
}

static const struct conf_server *
choose_fallback(const struct conf_listen *l)
{
	size_t i;

	for (i = 0; i < l->nservers; i++)
		if (is_any(l->servers[i]))
			return l->servers[i];
	return l->servers[0];
}

/* An address where both servers are reached, or NULL. */
static const struct conf_listen *
shared(const struct conf *conf, const struct conf_server *a,
    const struct conf_server *b)
{
	size_t i, k;
	int n;

	for (i = 0; i < conf->nlistens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		for (k = 0, n = 0; k < l->nservers; k++)
			n += l->servers[k] == a || l->servers[k] == b;
		if (n == 2)
			return l;
	}
	return NULL;
}

/* Is name number k of s (or "*", if it has none) a name of other, too? */
static bool
has_name(const struct conf_server *other, const struct conf_server *s, size_t k)
{
	struct str name = s->nnames == 0 ? STR("*") : s->names[k];
	size_t i;

	if (str_eq(name, STR("*")))
		return is_any(other);
	for (i = 0; i < other->nnames; i++)
		if (str_eq(other->names[i], name))
			return true;
	return false;
}

static void
check_names(struct conf_tree *tree, size_t first, size_t second)
{
	const struct conf_server *a = &tree->conf.servers[first];
	const struct conf_server *b = &tree->conf.servers[second];
	const struct conf_word *words = tree->server_nodes[second]->words;
	const struct conf_listen *l;
	char text[NET_ADDR_TEXT];
	size_t k;

	for (k = 0; k < b->nnames + (b->nnames == 0); k++) {
		if (!has_name(a, b, k))
			continue;
		l = shared(&tree->conf, a, b);
		if (l == NULL)
			return;
		conf_error(tree->errors, &words[b->nnames == 0 ? 0 : k + 1].pos,
		    CONF_WORD, "give each its own name or listen",
		    "the server at %s:%u listens on %s for the same name",
		    a->pos.file, a->pos.line, conf_listen_text(l, text));
	}
}

/* A name twice in one server, which is harmless but hardly meant. */
static void
check_own_names(struct conf_tree *tree, size_t number)
{
	const struct conf_server *s = &tree->conf.servers[number];
	const struct conf_node *node = tree->server_nodes[number];
	size_t i, k;

	for (i = 1; i < s->nnames; i++)
		for (k = 0; k < i; k++)
			if (str_eq(s->names[i], s->names[k]))
				conf_error(tree->errors,
				    &node->words[i + 1].pos, CONF_WORD,
				    "keep one of them",
				    "this name is there twice");
}

void
conf_build_listens(struct conf_tree *tree)
{
	struct conf *conf = &tree->conf;
	size_t i, k;

	for (i = 0; i < conf->nlistens; i++)
		conf->listens[i].fallback = choose_fallback(&conf->listens[i]);
	for (i = 0; i < conf->nlistens; i++)
		conf_build_check_listen(tree, &conf->listens[i]);
	for (i = 0; i < conf->nservers; i++) {
		check_own_names(tree, i);
		for (k = 0; k < i; k++)
			check_names(tree, k, i);
	}
	conf_build_https(tree);
	conf_build_check_tls(tree);
}
