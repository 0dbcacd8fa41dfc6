/*
 * The header fields that a site adds to its answers.
 */
#include "common/conf_build.h"

#include <string.h>

#include "common/arena.h"

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') ||
		    s.p[i] == 0x7f)
			return true;
	return false;
}

/* Fields that say what the server alone knows, and what to write instead. */
static const char *
owner_of(struct str name)
{
	static const char own[] = "leave it out: pyked writes it itself";
	static const struct {
		struct str name;
		const char *instead;
	} table[] = {
		{ STR("Accept-Ranges"), own },
		{ STR("Allow"), own },
		{ STR("Connection"), own },
		{ STR("Content-Encoding"), own },
		{ STR("Content-Length"), own },
		{ STR("Content-Range"), own },
		{ STR("Content-Type"), "a block \"types\" says what files "
		    "are" },
		{ STR("Date"), own },
		{ STR("ETag"), own },
		{ STR("Keep-Alive"), own },
		{ STR("Last-Modified"), own },
		{ STR("Location"), "write: redirect STATUS TO" },
		{ STR("Proxy-Connection"), own },
		{ STR("Retry-After"), own },
		{ STR("Server"), own },
		{ STR("Status"), "write: refuse STATUS" },
		{ STR("Strict-Transport-Security"), "write: hsts 1y" },
		{ STR("TE"), own },
		{ STR("Trailer"), own },
		{ STR("Transfer-Encoding"), own },
		{ STR("Upgrade"), own },
		{ STR("WWW-Authenticate"), own },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (str_eqcase(table[i].name, name))
			return table[i].instead;
	return NULL;
}

static size_t
put(char *to, size_t at, struct str s)
{
	memcpy(to + at, s.p, s.n);
	return at + s.n;
}

static struct str
hsts_line(struct conf_tree *tree, const struct conf_answer *a)
{
	char *line;

	if (!a->hsts)
		return STR("");
	line = arena_printf(&tree->arena,
	    "Strict-Transport-Security: max-age=%llu%s%s\r\n",
	    (unsigned long long)a->hsts_s,
	    a->hsts_subdomains ? "; includeSubDomains" : "",
	    a->hsts_preload ? "; preload" : "");
	if (line == NULL)
		conf_no_memory(tree);
	return line == NULL ? STR("") : str_from(line);
}

/* Writes the lines as they are sent, once and for all. */
static void
write_lines(struct conf_tree *tree, struct conf_answer *a)
{
	struct str hsts = hsts_line(tree, a);
	size_t n = hsts.n;
	char *text;

	for (size_t i = 0; i < a->nheaders; i++)
		n += a->header[i].name.n + a->header[i].value.n + 4;
	text = conf_alloc(tree, n + 1);
	if (text == NULL)
		return;
	n = put(text, 0, hsts);
	for (size_t i = 0; i < a->nheaders; i++) {
		n = put(text, n, a->header[i].name);
		n = put(text, n, STR(": "));
		n = put(text, n, a->header[i].value);
		n = put(text, n, STR("\r\n"));
	}
	a->lines_tls = (struct str){ text, n };
	a->lines = (struct str){ text + hsts.n, n - hsts.n };
}

/* Is it a name that a configuration may deal with? */
static bool
check_name(const struct conf_scope *scope, const struct conf_word *name)
{
	const char *instead = owner_of(name->text);

	if (!conf_build_is_token(name->text))
		conf_wrong(scope, name, "write one like X-Frame-Options, "
		    "without a colon", "\"%s\" is not a header field's name",
		    name->text.p);
	else if (instead != NULL)
		conf_wrong(scope, name, instead, "\"%s\" cannot be set",
		    name->text.p);
	else
		return true;
	return false;
}

void
conf_set_header(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *name = &node->words[1];
	const struct conf_word *value = &node->words[2];
	struct conf_answer *a = &scope->location->answer;
	struct conf_header *all;

	if (!check_name(scope, name))
		return;
	if (has_control(value->text)) {
		conf_wrong(scope, value, "write it on one line",
		    "a control character in a header field");
		return;
	}
	/* The array may be an outer block's, too. */
	all = conf_alloc(scope->tree, (a->nheaders + 1) * sizeof(*all));
	if (all == NULL)
		return;
	for (size_t i = 0; i < a->nheaders; i++)
		all[i] = a->header[i];
	all[a->nheaders++] = (struct conf_header){ name->text,
	    str_trim(value->text) };
	a->header = all;
	write_lines(scope->tree, a);
}

/* no header NAME */
void
conf_set_no(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *name = &node->words[2];
	struct conf_answer *a = &scope->location->answer;
	struct conf_header *left;
	size_t n = 0;

	if (!check_name(scope, name))
		return;
	left = conf_alloc(scope->tree, (a->nheaders + 1) * sizeof(*left));
	if (left == NULL)
		return;
	for (size_t i = 0; i < a->nheaders; i++)
		if (!str_eqcase(a->header[i].name, name->text))
			left[n++] = a->header[i];
	a->header = left;
	a->nheaders = n;
	write_lines(scope->tree, a);
}

/* RFC 6797 6.1. */
void
conf_set_hsts(struct conf_scope *scope, const struct conf_node *node)
{
	static const struct conf_arg seconds = { .type = CONF_SECONDS };
	struct conf_answer *a = &scope->location->answer;
	const struct conf_word *word = &node->words[1];
	unsigned before = scope->tree->errors->n;

	bool off = node->nwords == 2 && str_eq(word->text, STR("off"));

	a->hsts = !off;
	a->hsts_pos = node->words[0].pos;
	a->hsts_s = 0;
	a->hsts_subdomains = a->hsts_preload = false;
	if (!off && conf_value_read(&seconds, word->text,
	    &a->hsts_s) == -1)
		conf_wrong(scope, word, "write a time like 30d or 1y",
		    "\"%s\" is not a time in whole seconds", word->text.p);
	for (size_t i = 2; i < node->nwords; i++) {
		word = &node->words[i];
		if (str_eq(word->text, STR("subdomains")))
			a->hsts_subdomains = true;
		else if (str_eq(word->text, STR("preload")))
			a->hsts_preload = true;
		else
			conf_wrong(scope, word, "write subdomains or preload",
			    "\"%s\" does not fit here", word->text.p);
	}
	if (a->hsts_preload && (!a->hsts_subdomains || a->hsts_s < 31536000))
		conf_wrong(scope, word, "write: hsts 1y subdomains preload",
		    "browsers' lists want a year and subdomains");
	if (scope->tree->errors->n != before)
		a->hsts = false;
	write_lines(scope->tree, a);
}
