/*
 * The configuration's characters, taken apart into words and brackets.
 */
#include "common/conf_parse.h"

#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

#define ESCAPABLE	"\\\"$#;{}"	/* what a backslash makes ordinary */

static struct conf_pos
here(const struct conf_lexer *l)
{
	return (struct conf_pos){ .file = l->file, .line = l->line,
	    .col = (unsigned)(l->p - l->line_start) + 1 };
}

/* The length of the line's end at p: 0, 1 (LF) or 2 (CR LF). */
static size_t
newline(const struct conf_lexer *l, const char *p)
{
	if (p < l->end && *p == '\n')
		return 1;
	return l->end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

static void
next_line(struct conf_lexer *l, size_t n)
{
	l->p += n;
	l->line++;
	l->line_start = l->p;
}

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Reports the control byte at l->p and steps over it. */
static void
control(struct conf_lexer *l)
{
	struct conf_pos pos = here(l);
	unsigned char c = (unsigned char)*l->p++;

	if (c != '\0') {
		conf_error(l->tree->errors, &pos, 1, "remove it",
		    "control character \\x%02X", (unsigned)c);
		return;
	}
	conf_error(l->tree->errors, &pos, 1, "save it as UTF-8 text",
	    "a zero byte: this is not a text file");
	l->stop = true;
}

static bool
ends_word(const struct conf_lexer *l)
{
	return l->stop || l->p == l->end || newline(l, l->p) > 0 ||
	    (*l->p != '\0' && strchr(" \t;{}", *l->p) != NULL);
}

/* Appends to the word that is being read. */
static bool
put(struct conf_lexer *l, const char *p, size_t n)
{
	if (buf_put(&l->scratch, p, n) == 0)
		return true;
	conf_no_memory(l->tree);
	l->stop = true;
	return false;
}

static bool
name_char(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' &&
	    ascii_lower(c) <= 'z') || c == '_';
}

bool
conf_lex_is_name(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!name_char(name.p[i]))
			return false;
	return name.n > 0 && !ascii_digit(name.p[0]);
}

bool
conf_lex_is_request_name(struct str name)
{
	return str_eq(name, STR("rest")) || str_eq(name, STR("query"));
}

const struct conf_let *
conf_lex_find(const struct conf_let *lets, struct str name)
{
	for (; lets != NULL; lets = lets->outer)
		if (str_eq(lets->name, name))
			return lets;
	return NULL;
}

static void
unknown_name(struct conf_lexer *l, const struct conf_pos *pos, struct str name)
{
	struct conf_nearest nearest = conf_nearest_start(name);
	const struct conf_let *let;
	char hint[160];

	for (let = l->lets; let != NULL; let = let->outer)
		conf_nearest_try(&nearest, let->name);
	if (nearest.best.p != NULL)
		(void)snprintf(hint, sizeof(hint), "did you mean \"$%.*s\"?",
		    (int)nearest.best.n, nearest.best.p);
	else
		(void)snprintf(hint, sizeof(hint), "set it before with \"let\","
		    " or write \"$$\" for a dollar sign");
	conf_error(l->tree->errors, pos, (unsigned)name.n + 1, hint,
	    "unknown name \"$%.*s\"", (int)name.n, name.p);
}

/* "$name" or "$$" at l->p, into the word: false when it is a mistake. */
static bool
dollar(struct conf_lexer *l)
{
	struct conf_pos pos = here(l);
	const char *start = ++l->p;
	const struct conf_let *let;
	struct str name;

	if (l->p < l->end && *l->p == '$') {
		l->p++;
		return put(l, "$", 1);
	}
	while (l->p < l->end && name_char(*l->p))
		l->p++;
	name = (struct str){ start, (size_t)(l->p - start) };
	if (name.n == 0) {
		conf_error(l->tree->errors, &pos, 1,
		    "write \"$$\" for a dollar sign",
		    "\"$\" without a name behind it");
		return false;
	}
	let = conf_lex_find(l->lets, name);
	if (let != NULL)
		return put(l, let->value.p, let->value.n);
	if (conf_lex_is_request_name(name)) {
		l->of_request = true;
		return put(l, start - 1, name.n + 1);
	}
	unknown_name(l, &pos, name);
	return false;
}

/* A backslash at l->p: false when it is a mistake. */
static bool
backslash(struct conf_lexer *l)
{
	struct conf_pos pos = here(l);
	size_t n = newline(l, ++l->p);

	if (n > 0) {
		next_line(l, n);
		return true;
	}
	if (l->p < l->end && *l->p != '\0' && strchr(ESCAPABLE, *l->p) != NULL)
		return put(l, l->p++, 1);
	if (l->p == l->end)
		conf_error(l->tree->errors, &pos, 1, "remove it",
		    "\"\\\" at the end of the file");
	else if (*l->p == ' ' || *l->p == '\t')
		conf_error(l->tree->errors, &pos, 1, "put a word with blanks "
		    "into quotes; a line goes on after \"\\\" at its very end",
		    "\"\\\" before a blank");
	else
		conf_error(l->tree->errors, &pos, 2,
		    "write \"\\\\\" for a backslash",
		    "\"\\%c\" means nothing", *l->p);
	return false;
}

/* One character of a word at l->p: false when it is a mistake. */
static bool
word_char(struct conf_lexer *l)
{
	if (*l->p == '\\')
		return backslash(l);
	if (*l->p == '$')
		return dollar(l);
	if (is_control(*l->p)) {
		control(l);
		return false;
	}
	return put(l, l->p++, 1);
}

/* The rest of a word in which something is wrong, without more of it. */
static void
skip_word(struct conf_lexer *l)
{
	while (!ends_word(l))
		l->p++;
}

static bool
plain_word(struct conf_lexer *l)
{
	struct conf_pos pos;
	bool good = true;

	while (!ends_word(l)) {
		pos = here(l);
		if (*l->p == '"') {
			conf_error(l->tree->errors, &pos, 1,
			    "put the whole word into quotes",
			    "a quote in the middle of a word");
			skip_word(l);
			return false;
		}
		good &= word_char(l);
	}
	return good;
}

/*
 * The lines below may be the rest of a string and no directives: skips to its
 * closing quote, told from the opening of another by what follows it.
 */
static void
skip_string(struct conf_lexer *l)
{
	struct conf_lexer at = *l;
	size_t n;

	while (at.p < at.end && *at.p != '"') {
		n = newline(&at, at.p);
		if (n > 0)
			next_line(&at, n);
		else
			at.p += 1 + (at.end - at.p > 1 &&
			    memcmp(at.p, "\\\"", 2) == 0);
	}
	if (at.p == at.end)
		return;
	at.p++;
	if (!ends_word(&at))
		return;
	l->p = at.p;
	l->line = at.line;
	l->line_start = at.line_start;
}

static bool
quoted_word(struct conf_lexer *l)
{
	struct conf_pos pos = here(l);
	bool good = true;

	l->p++;
	while (!l->stop && l->p < l->end && *l->p != '"' &&
	    newline(l, l->p) == 0)
		good &= word_char(l);
	if (l->stop)
		return false;
	if (l->p == l->end || *l->p != '"') {
		conf_error(l->tree->errors, &pos, 1, "put a \" at its end",
		    "this quote is not closed");
		skip_string(l);
		return false;
	}
	l->p++;
	if (ends_word(l))
		return good;
	pos = here(l);
	conf_error(l->tree->errors, &pos, 1, "put a blank before it",
	    "text right behind a closing quote");
	skip_word(l);
	return false;
}

static enum conf_token
lex_word(struct conf_lexer *l, struct conf_word *word)
{
	struct buf *b = &l->scratch;
	const char *text;
	bool good;

	buf_take(b, buf_len(b));
	l->of_request = false;
	good = *l->p == '"' ? quoted_word(l) : plain_word(l);
	if (!good)
		return CONF_TOKEN_BAD;
	word->of_request = l->of_request;
	word->text.n = buf_len(b);
	text = conf_strdup(l->tree, word->text.n == 0 ? STR("") : buf_str(b));
	word->text.p = text;
	return text == NULL ? CONF_TOKEN_BAD : CONF_TOKEN_WORD;
}

/* Blanks, comments and continued lines before the next token. */
static void
skip_blanks(struct conf_lexer *l)
{
	while (l->p < l->end && !l->stop) {
		if (*l->p == '#') {
			while (l->p < l->end && newline(l, l->p) == 0 &&
			    !l->stop) {
				if (is_control(*l->p))
					control(l);
				else
					l->p++;
			}
		} else if (*l->p == '\\' && newline(l, l->p + 1) > 0) {
			next_line(l, 1 + newline(l, l->p + 1));
		} else if (*l->p == ' ' || *l->p == '\t') {
			l->p++;
		} else {
			return;
		}
	}
}

enum conf_token
conf_lex(struct conf_lexer *l, struct conf_word *word)
{
	size_t n;

	skip_blanks(l);
	*word = (struct conf_word){ .pos = here(l) };
	if (l->stop || l->p == l->end)
		return CONF_TOKEN_END;
	n = newline(l, l->p);
	if (n > 0) {
		next_line(l, n);
		return CONF_TOKEN_NEWLINE;
	}
	switch (*l->p) {
	case ';':
		l->p++;
		return CONF_TOKEN_NEWLINE;
	case '{':
		l->p++;
		return CONF_TOKEN_OPEN;
	case '}':
		l->p++;
		return CONF_TOKEN_CLOSE;
	default:
		return lex_word(l, word);
	}
}
