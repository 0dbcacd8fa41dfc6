/*
 * What a site does to its answers, or says instead of them.
 */
#include "common/conf_build.h"

#include <string.h>

#include "common/net.h"

static bool
is_off(const struct conf_node *node)
{
	return node->nwords == 2 &&
	    str_eq(node->words[1].text, STR("off"));
}

/* --- redirect --- */

static bool
name_char(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' &&
	    ascii_lower(c) <= 'z') || c == '_';
}

/* What s begins with, and how long it is. */
static enum conf_piece_kind
piece_at(struct str s, size_t *n)
{
	static const struct str names[] = { [CONF_PIECE_REST] = STR("$rest"),
	    [CONF_PIECE_QUERY] = STR("$query") };

	for (int i = CONF_PIECE_REST; i <= CONF_PIECE_QUERY; i++) {
		*n = names[i].n;
		if (str_starts(s, names[i]) &&
		    (s.n == *n || !name_char(s.p[*n])))
			return (enum conf_piece_kind)i;
	}
	*n = 1;
	return CONF_PIECE_TEXT;
}

/* Takes where a redirect leads apart: false when it has too many pieces. */
static bool
split(struct str s, struct conf_redirect *out)
{
	enum conf_piece_kind kind, last = CONF_PIECE_REST;
	size_t n;

	for (; s.n > 0; s.p += n, s.n -= n) {
		kind = piece_at(s, &n);
		if (kind == CONF_PIECE_TEXT && last == CONF_PIECE_TEXT) {
			out->piece[out->npieces - 1].text.n++;
			continue;
		}
		if (out->npieces == CONF_PIECES_MAX)
			return false;
		out->piece[out->npieces++] = (struct conf_piece){ kind,
		    { s.p, n } };
		last = kind;
	}
	return true;
}

/* The bytes of "https://host" in front of s's path; 0 when it is a path. */
static size_t
origin_length(struct str s)
{
	size_t n = str_starts(s, STR("https://")) ? 8 :
	    str_starts(s, STR("http://")) ? 7 : 0;

	while (n > 0 && n < s.n && strchr("/?#$", s.p[n]) == NULL)
		n++;
	return n;
}

/* Why nobody can be sent to s, or NULL. Nothing of a request may ever become
 * part of a host's name. */
static const char *
bad_target(struct str s)
{
	static const char form[] = "write it like /new/$rest or "
	    "https://example.org/$rest";
	size_t n = origin_length(s);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", s.p[i]) != NULL)
			return "percent-encode what no address may have in it";
	if (n == 0 && (s.n == 0 || s.p[0] != '/'))
		return form;
	if (n == 0 && s.n > 1 && s.p[1] == '/')
		return "another host is named with https:// before it";
	if (n == 7 || n == 8)
		return n < s.n || s.p[n - 1] == '/' ? form : NULL;
	if (n > 0 && n < s.n && s.p[n] != '/')
		return "write a \"/\" behind the host";
	return NULL;
}

/* $rest is what the block leaves of a path. */
static void
measure_rest(const struct conf_location *l, struct conf_redirect *r)
{
	switch (l->match) {
	case CONF_MATCH_SUFFIX:
		r->skip = 1;
		r->cut = l->path.n;
		break;
	case CONF_MATCH_ALL:
		r->skip = 1;
		break;
	default:
		r->skip = l->path.n;
		break;
	}
}

void
conf_set_redirect(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_redirect *r = &scope->location->answer.redirect;
	const struct conf_word *status = &node->words[1], *to;
	const char *why;

	*r = (struct conf_redirect){ .status = 0 };
	if (is_off(node))
		return;
	if (status->text.n != 3 ||
	    memmem("301 302 303 307 308", 19, status->text.p, 3) == NULL ||
	    memchr(status->text.p, ' ', 3) != NULL) {
		conf_wrong(scope, status, "write 301 or 308 for good, 302, 303 "
		    "or 307 for now", "\"%s\" is not a redirect's status",
		    status->text.p);
		return;
	}
	if (node->nwords < 3) {
		conf_wrong(scope, status, "write: redirect STATUS TO",
		    "too few values for \"redirect\"");
		return;
	}
	to = &node->words[2];
	why = bad_target(to->text);
	if (why == NULL && !split(to->text, r))
		why = "use $rest and $query less often";
	if (why != NULL) {
		conf_wrong(scope, to, why, "nobody can be sent to \"%s\"",
		    to->text.p);
		return;
	}
	r->status = 300 + (status->text.p[2] - '0');
	r->to = to->text.p;
	measure_rest(scope->location, r);
}

/* --- fallback, errors --- */

void
conf_set_fallback(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *path = &node->words[1];
	struct conf_answer *a = &scope->location->answer;

	a->fallback = NULL;
	if (is_off(node))
		return;
	if (path->text.n == 0 || path->text.p[0] != '/' ||
	    strpbrk(path->text.p, "?#") != NULL ||
	    strstr(path->text.p, "//") != NULL ||
	    strstr(path->text.p, "/.") != NULL)
		conf_wrong(scope, path, "write it like /app/index.html",
		    "\"%s\" is not the path of a page", path->text.p);
	else
		a->fallback = path->text.p;
}

void
conf_set_errors(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *path = &node->words[1];
	struct conf_answer *a = &scope->location->answer;

	a->errors = NULL;
	if (!is_off(node) && conf_build_is_safe(scope, path))
		a->errors = conf_build_dir(scope->tree, path->path,
		    &path->pos);
}

/* --- refuse --- */

void
conf_set_refuse(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *word = &node->words[1];
	struct conf_answer *a = &scope->location->answer;
	uint64_t status;

	a->refuse = 0;
	if (is_off(node))
		return;
	if (str_eq(word->text, STR("close"))) {
		a->refuse = CONF_REFUSE_CLOSE;
		return;
	}
	if (str_u64(word->text, 599, &status) == -1 || status < 400 ||
	    status == CONF_REFUSE_CLOSE)
		conf_wrong(scope, word, "write a status from 400 to 599, or "
		    "close", "\"%s\" does not fit here", word->text.p);
	/* RFC 9110 15.5.2, 15.5.8, 15.5.22: these need a field that says what
	 * to do. */
	else if (status == 401 || status == 407 || status == 426)
		conf_wrong(scope, word, "403 refuses for good",
		    "%s asks the client for something", word->text.p);
	else
		a->refuse = (int)status;
}

/* --- https --- */

void
conf_set_https(struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *word = &node->words[1];
	struct conf_answer *a = &scope->location->answer;
	uint64_t port = 0;

	a->https = false;
	if (is_off(node))
		return;
	if (!str_eq(word->text, STR("only"))) {
		conf_wrong(scope, word, "write: https only",
		    "\"%s\" does not fit here", word->text.p);
		return;
	}
	if (node->nwords > 2 && (str_u64(node->words[2].text, UINT16_MAX,
	    &port) == -1 || port == 0)) {
		conf_wrong(scope, &node->words[2], "a port is 1 to 65535",
		    "\"%s\" is not a port", node->words[2].text.p);
		return;
	}
	a->https = true;
	a->https_port = a->https_given = (uint16_t)port;
	a->https_pos = word->pos;
}

/* The port by which s is reached with tls: 443 if it is one of several; 0 when
 * there is none, or none that is known yet. */
static uint16_t
tls_port(const struct conf *conf, const struct conf_server *s)
{
	uint16_t port, found = 0;

	for (size_t i = 0; i < conf->nlistens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		for (size_t k = 0; l->tls && k < l->nservers; k++) {
			if (l->servers[k] != s)
				continue;
			port = net_addr_port(&l->addr);
			if (found == 0 || port == 443)
				found = port;
		}
	}
	return found;
}

static void
find_port(struct conf_tree *tree, const struct conf_server *s,
    struct conf_answer *a)
{
	if (!a->https || a->https_port != 0)
		return;
	a->https_port = tls_port(&tree->conf, s);
	if (a->https_port == 0)
		conf_error(tree->errors, &a->https_pos, CONF_WORD,
		    "add \"listen 443 tls\", or say which port leads to it: "
		    "https only PORT", "https only, but no listen with tls "
		    "and a port");
}

void
conf_build_https(struct conf_tree *tree)
{
	for (size_t i = 0; i < tree->conf.nservers; i++) {
		struct conf_server *s = &tree->conf.servers[i];
		unsigned before = tree->errors->n;

		find_port(tree, s, &s->base.answer);
		for (size_t k = 0; k < s->nlocations; k++)
			if (tree->errors->n == before)
				find_port(tree, s, &s->locations[k].answer);
	}
}
