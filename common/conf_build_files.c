/*
 * What a site says of how its files are sent.
 */
#include "common/conf_build.h"

#include <string.h>

#include "common/arena.h"

/* A block's first line of a directive replaces what the block inherited, the
 * others add to it. */
static bool
is_first(const struct conf_node *node)
{
	const struct conf_node *n;

	for (n = node->parent->first; n != node; n = n->next)
		if (n->directive == node->directive)
			return false;
	return true;
}

/* --- precompressed --- */

void
conf_set_precompressed(struct conf_scope *scope, const struct conf_node *node)
{
	/* In the order of the choices, which begin at 1. */
	static const enum conf_coding codings[] = { CONF_CODING_NONE,
	    CONF_CODING_NONE, CONF_CODING_BR, CONF_CODING_GZIP };
	enum conf_coding *to = scope->location->precompressed;
	size_t i;

	memset(to, 0, CONF_CODINGS * sizeof(*to));
	for (i = 1; i < node->nwords; i++) {
		const struct conf_word *word = &node->words[i];

		to[i - 1] = codings[word->value];
		if (node->nwords > 2 && to[i - 1] == CONF_CODING_NONE)
			conf_wrong(scope, word, "off stands alone",
			    "\"off\" does not fit here");
		else if (i == 2 && to[1] == to[0])
			conf_wrong(scope, word, "keep one of them",
			    "\"%s\" is there twice", word->text.p);
	}
}

/* --- gzip --- */

/* "text/html", or "text/" followed by "*". */
static bool
is_type(struct str s)
{
	const char *slash = memchr(s.p, '/', s.n);
	size_t i;

	if (slash == NULL || slash == s.p || slash + 1 == s.p + s.n)
		return false;
	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("\"(),:;<=>?@[\\]{}", s.p[i]) != NULL ||
		    (s.p[i] == '/' && s.p + i != slash))
			return false;
	return memchr(s.p, '*', s.n) == NULL ||
	    (slash[1] == '*' && slash + 2 == s.p + s.n &&
	    memchr(s.p, '*', s.n) == slash + 1);
}

/* The type as it is compared, in lower case: of all types below one, what is
 * before the "*". */
static struct str
make_type(struct conf_scope *scope, struct str s)
{
	char *type = conf_strdup(scope->tree, s);
	size_t i;

	if (type == NULL)
		return (struct str){ "", 0 };
	for (i = 0; i < s.n; i++)
		type[i] = ascii_lower(type[i]);
	return (struct str){ type, str_ends(s, STR("*")) ? s.n - 1 : s.n };
}

static bool
has_zlib(void)
{
#ifdef PYKED_ZLIB
	return true;
#else
	return false;
#endif
}

void
conf_set_gzip(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_location *l = scope->location;
	size_t i, n = node->nwords - 1;
	struct str *types;

	l->gzip = NULL;
	l->ngzip = 0;
	if (n == 1 && str_eq(node->words[1].text, STR("off")))
		return;
	if (!has_zlib())
		conf_wrong(scope, &node->words[0], "install zlib1g-dev and "
		    "build it again", "this pyked was built without zlib");
	types = conf_alloc(scope->tree, n * sizeof(*types));
	if (types == NULL)
		return;
	for (i = 0; i < n; i++) {
		const struct conf_word *word = &node->words[i + 1];

		if (!is_type(word->text))
			conf_wrong(scope, word, "write off, or types like "
			    "text/html or text/*", "\"%s\" is not a media type",
			    word->text.p);
		types[i] = make_type(scope, word->text);
	}
	l->gzip = types;
	l->ngzip = n;
}

/* --- cache --- */

/* What Cache-Control says: 0 and *value, or -1. */
static int
read_policy(struct conf_scope *scope, const struct conf_word *word,
    const char **value)
{
	static const struct conf_arg time = { .type = CONF_SECONDS };
	uint64_t seconds;

	*value = NULL;
	if (str_eq(word->text, STR("off")))
		return 0;
	if (str_eq(word->text, STR("no-cache")) ||
	    str_eq(word->text, STR("no-store"))) {
		*value = word->text.p;
		return 0;
	}
	if (conf_value_read(&time, word->text, &seconds) == -1)
		return -1;
	/* RFC 9111 1.2.2: what does not fit into 31 bits is for ever. */
	if (seconds > INT32_MAX)
		seconds = INT32_MAX;
	*value = arena_printf(&scope->tree->arena, "max-age=%llu",
	    (unsigned long long)seconds);
	if (*value == NULL)
		conf_no_memory(scope->tree);
	return 0;
}

/* "*.css", "*", or a whole name. */
static bool
read_name(struct conf_scope *scope, const struct conf_word *word,
    struct conf_cache_rule *rule)
{
	struct str s = word->text;

	rule->end = s.n > 0 && s.p[0] == '*';
	rule->name = rule->end ? (struct str){ s.p + 1, s.n - 1 } : s;
	if (s.n > 0 && memchr(s.p, '/', s.n) == NULL &&
	    memchr(rule->name.p, '*', rule->name.n) == NULL)
		return true;
	conf_wrong(scope, word, "write names without a folder, like *.css or "
	    "index.html", "\"%s\" is not the name of files", word->text.p);
	return false;
}

/* Whole names are closer than ends of them, and long ends than short ones. */
static size_t
closeness(const struct conf_cache_rule *rule)
{
	return rule->end ? rule->name.n : SIZE_MAX;
}

/* The array may be an outer block's too, so it is never added to in place. */
static void
add_rule(struct conf_scope *scope, const struct conf_word *word,
    const struct conf_cache_rule *rule)
{
	struct conf_location *l = scope->location;
	struct conf_cache_rule *rules;
	size_t i, at = 0;

	rules = conf_alloc(scope->tree, (l->ncache + 1) * sizeof(*rules));
	if (rules == NULL)
		return;
	for (i = 0; i < l->ncache; i++) {
		if (l->cache[i].end == rule->end &&
		    str_eq(l->cache[i].name, rule->name))
			conf_wrong(scope, word, "keep one of them",
			    "this is said already of %s",
			    rule->end && rule->name.n == 0 ? "all files" :
			    "files of that name");
		if (closeness(&l->cache[i]) >= closeness(rule))
			at = i + 1;
	}
	if (at > 0)
		memcpy(rules, l->cache, at * sizeof(*rules));
	rules[at] = *rule;
	if (at < l->ncache)
		memcpy(rules + at + 1, l->cache + at,
		    (l->ncache - at) * sizeof(*rules));
	l->cache = rules;
	l->ncache++;
}

void
conf_set_cache(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *last = &node->words[node->nwords - 1];
	struct conf_word any = *last;
	struct conf_cache_rule rule;
	size_t i;

	if (is_first(node)) {
		scope->location->cache = NULL;
		scope->location->ncache = 0;
	}
	if (read_policy(scope, last, &rule.value) == -1) {
		conf_wrong(scope, last, "write a time like 30d, no-cache, "
		    "no-store or off", "\"%s\" is not how long files may be "
		    "kept", last->text.p);
		return;
	}
	any.text = STR("*");
	if (node->nwords == 2 && read_name(scope, &any, &rule))
		add_rule(scope, last, &rule);
	for (i = 1; i + 1 < node->nwords; i++)
		if (read_name(scope, &node->words[i], &rule))
			add_rule(scope, &node->words[i], &rule);
}
