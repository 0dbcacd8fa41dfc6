/*
 * Mistakes in the configuration, shown where they are.
 *
 * The line is read from its file again, so nobody has to keep the text of a
 * file for the sake of a mistake found long after it was parsed.
 */
#include "common/conf.h"

#include <stdarg.h>
#include <string.h>

#include "common/conf_file.h"

#define LINE_SHOWN	110	/* bytes of a longer line that are shown */
#define BEFORE_SHOWN	50	/* of these, how many before the mistake */
#define TEXT_SHOWN	500	/* bytes of a message; it may quote any word */

/* One line of a file and the part of it that is wrong. */
struct excerpt {
	const char *p;		/* the line */
	const char *end;
	const char *from;	/* what is marked */
	const char *to;
	bool cut_head;		/* it began before p */
	bool cut_tail;		/* it goes on after end */
};

static bool
continues(const char *p, const char *end)
{
	return p < end && ((unsigned char)*p & 0xc0) == 0x80;
}

/*
 * The length of the printable character at p: ASCII or well-formed UTF-8
 * without the C1 controls. 0: this byte must be shown as \xHH.
 */
static size_t
glyph(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;
	size_t n, i;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	if (c == 0xc2 && p + 1 < end && (unsigned char)p[1] < 0xa0)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	for (i = 1; i < n; i++)
		if (!continues(p + i, end))
			return 0;
	return n;
}

/* Appends text as it may be shown on a terminal. */
static void
put_clean(struct buf *out, const char *p, const char *end, bool keep_tabs)
{
	while (p < end) {
		size_t n = glyph(p, end);

		if (n > 0 || (keep_tabs && *p == '\t')) {
			n += n == 0;
			(void)buf_put(out, p, n);
			p += n;
		} else {
			(void)buf_printf(out, "\\x%02X",
			    (unsigned)(unsigned char)*p++);
		}
	}
}

/* As many of the character mark as put_clean takes columns; tabs stay tabs
 * when mark is a space, so that what follows lines up. */
static void
put_marks(struct buf *out, const char *p, const char *end, char mark)
{
	while (p < end) {
		size_t n = glyph(p, end);

		if (n == 0 && *p == '\t')
			(void)buf_put(out, mark == ' ' ? "\t" : &mark, 1);
		else if (n > 0)
			(void)buf_put(out, &mark, 1);
		else
			(void)buf_put(out, (const char[4]){ mark, mark, mark,
			    mark }, 4);
		p += n + (n == 0);
	}
}

/* One past the word at p: a quoted one, or up to a blank or bracket. */
static const char *
word_end(const char *p, const char *end)
{
	const char *start = p;

	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++)
			if (*p == '\\' && p + 1 < end)
				p++;
		return p < end ? p + 1 : end;
	}
	while (p < end && strchr(" \t;{}", *p) == NULL)
		p++;
	return p == start && p < end ? p + 1 : p;
}

/* Cuts a long line down to what surrounds the mistake. */
static void
cut(struct excerpt *x)
{
	if (x->end - x->p <= LINE_SHOWN)
		return;
	if (x->from - x->p > BEFORE_SHOWN) {
		x->p = x->from - BEFORE_SHOWN;
		for (int i = 0; i < 3 && continues(x->p, x->from); i++)
			x->p++;
		x->cut_head = true;
	}
	if (x->end - x->p > LINE_SHOWN) {
		x->end = x->p + LINE_SHOWN;
		/* No character continues for more than three bytes. */
		for (int i = 0; i < 3 && continues(x->end, x->end + 1); i++)
			x->end--;
		x->cut_tail = true;
	}
	if (x->to > x->end)
		x->to = x->end;
}

/* Finds the line of pos in the text of its file: 0, or -1 when it is not
 * there (the file has changed since). */
static int
find_line(struct str text, const struct conf_pos *pos, unsigned width,
    struct excerpt *x)
{
	const char *p = text.p, *end = text.p + text.n, *newline = NULL;
	unsigned line;

	for (line = 1; p != NULL; line++) {
		newline = memchr(p, '\n', (size_t)(end - p));
		if (line == pos->line)
			break;
		p = newline == NULL ? NULL : newline + 1;
	}
	if (p == NULL)
		return -1;
	if (newline != NULL)
		end = newline;
	if (end > p && end[-1] == '\r')
		end--;
	if (pos->line == 1)
		p += conf_file_bom((struct str){ p, (size_t)(end - p) });
	*x = (struct excerpt){ .p = p, .end = end, .from = end };
	if (pos->col > 0 && pos->col - 1 < (size_t)(end - p))
		x->from = p + pos->col - 1;
	if (width == CONF_WORD)
		x->to = word_end(x->from, end);
	else
		x->to = (size_t)(end - x->from) < width ? end : x->from + width;
	cut(x);
	return 0;
}

static void
put_excerpt(struct buf *out, const struct conf_pos *pos, unsigned width,
    const struct excerpt *x, const char *hint)
{
	(void)buf_printf(out, "%5u | %s", pos->line, x->cut_head ? "..." : "");
	put_clean(out, x->p, x->end, true);
	(void)buf_puts(out, x->cut_tail ? "...\n" : "\n");
	if (width == 0)
		return;
	(void)buf_printf(out, "      | %s", x->cut_head ? "   " : "");
	put_marks(out, x->p, x->from, ' ');
	if (x->to > x->from)
		put_marks(out, x->from, x->to, '^');
	else
		(void)buf_puts(out, "^");
	if (hint != NULL) {
		(void)buf_puts(out, " ");
		put_clean(out, hint, hint + strlen(hint), false);
	}
	(void)buf_puts(out, "\n");
}

/* Is there a line that can be shown? A command line has none. */
static bool
has_line(const struct conf_pos *pos)
{
	return pos != NULL && pos->file != NULL && pos->line > 0 &&
	    pos->file != conf_command_line;
}

/* Ends the line that says what is wrong; then the line it is about. */
static void
put_place(struct buf *out, const struct conf_pos *pos, unsigned width,
    const char *hint)
{
	struct buf text = { 0 };
	struct excerpt x;
	bool found = false;

	if (has_line(pos))
		found = conf_file_read(pos->file, &text) == 0 &&
		    buf_len(&text) > 0 &&
		    find_line(buf_str(&text), pos, width, &x) == 0;
	if (hint != NULL && (!found || width == 0)) {
		(void)buf_puts(out, " (");
		put_clean(out, hint, hint + strlen(hint), false);
		(void)buf_puts(out, ")");
	}
	(void)buf_puts(out, "\n");
	if (found)
		put_excerpt(out, pos, width, &x, hint);
	buf_free(&text);
}

static void put_message(struct buf *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

static void
put_message(struct buf *out, const char *fmt, va_list ap)
{
	struct buf text = { 0 };
	size_t n;

	if (buf_vprintf(&text, fmt, ap) == -1 || buf_len(&text) == 0)
		return;
	n = buf_len(&text);
	put_clean(out, buf_head(&text),
	    buf_head(&text) + (n > TEXT_SHOWN ? TEXT_SHOWN : n), false);
	if (n > TEXT_SHOWN)
		(void)buf_puts(out, "...");
	buf_free(&text);
}

/* The last line of a list that was too long: how many are not in it. */
static void
count_rest(struct conf_errors *e)
{
	unsigned rest = e->n - CONF_ERRORS_SHOWN;

	e->text.end = e->text.off + e->shown;
	(void)buf_printf(&e->text, "... and %u more mistake%s\n", rest,
	    rest == 1 ? "" : "s");
}

void
conf_error(struct conf_errors *e, const struct conf_pos *pos, unsigned width,
    const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (++e->n > CONF_ERRORS_SHOWN) {
		count_rest(e);
		return;
	}
	if (pos != NULL && pos->file != NULL) {
		put_clean(&e->text, pos->file, pos->file + strlen(pos->file),
		    false);
		if (has_line(pos))
			(void)buf_printf(&e->text, ":%u:%u", pos->line,
			    pos->col);
		(void)buf_puts(&e->text, ": ");
	}
	va_start(ap, fmt);
	put_message(&e->text, fmt, ap);
	va_end(ap);
	put_place(&e->text, pos, width, hint);
	e->shown = buf_len(&e->text);
}

void
conf_errors_free(struct conf_errors *e)
{
	buf_free(&e->text);
	*e = (struct conf_errors){ 0 };
}
