/*
 * Two lists of lines, compared block by block: a line has its like in the block
 * that is like its own.
 */
#include "master/changes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/conf.h"

#define INDENT	"    "

/* A directive; of a block its first line. */
struct line {
	struct str text;		/* borrowed; without indent and "{" */
	ssize_t block;			/* the line it stands in, -1 = none */
	ssize_t like;			/* its like in the other list, or -1 */
	bool told;
};

struct list {
	struct line *lines;		/* owned */
	size_t n;
	size_t room;
};

/* --- reading --- */

static int
add(struct list *l, struct str text, ssize_t block)
{
	struct line *more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		more = reallocarray(l->lines, l->room, sizeof(*more));
		if (more == NULL)
			return -1;
		l->lines = more;
	}
	l->lines[l->n++] = (struct line){ .text = text, .block = block,
	    .like = -1 };
	return 0;
}

/* One line of a dump. That it is a default is no difference. */
static int
read_line(struct list *l, struct str text, ssize_t *block)
{
	bool opens;

	text = str_trim(text);
	if (str_starts(text, STR("# ")))
		text = (struct str){ text.p + 2, text.n - 2 };
	if (text.n == 0)
		return 0;
	if (str_eq(text, STR("}"))) {
		*block = *block == -1 ? -1 : l->lines[*block].block;
		return 0;
	}
	opens = str_ends(text, STR(" {"));
	if (opens)
		text.n -= 2;
	if (add(l, text, *block) == -1)
		return -1;
	if (opens)
		*block = (ssize_t)l->n - 1;
	return 0;
}

static int
read_list(struct list *l, struct str dump)
{
	ssize_t block = -1;
	const char *newline;
	size_t n;

	while (dump.n > 0) {
		newline = memchr(dump.p, '\n', dump.n);
		n = newline == NULL ? dump.n : (size_t)(newline - dump.p);
		if (read_line(l, (struct str){ dump.p, n }, &block) == -1)
			return -1;
		n += newline != NULL;
		dump = (struct str){ dump.p + n, dump.n - n };
	}
	return 0;
}

/* --- comparing --- */

/* Do they stand in blocks that are like each other? */
static bool
same_block(const struct list *is, const struct line *a, const struct line *b)
{
	if (a->block == -1 || b->block == -1)
		return a->block == b->block;
	return is->lines[a->block].like == b->block;
}

/* The like of a among the lines of was from start on, once around. */
static ssize_t
find_like(const struct list *is, const struct line *a, const struct list *was,
    size_t start)
{
	const struct line *b;
	size_t i, at;

	for (i = 0; i < was->n; i++) {
		at = (start + i) % was->n;
		b = &was->lines[at];
		if (b->like == -1 && str_eq(a->text, b->text) &&
		    same_block(is, a, b))
			return (ssize_t)at;
	}
	return -1;
}

/* Blocks before what is in them, as they stand there. True when some have
 * their likes in another order. */
static bool
compare(struct list *was, struct list *is)
{
	bool moved = false;
	size_t i, next = 0;
	ssize_t at;

	for (i = 0; i < is->n; i++) {
		at = find_like(is, &is->lines[i], was, next);
		if (at == -1)
			continue;
		is->lines[i].like = at;
		was->lines[at].like = (ssize_t)i;
		moved |= (size_t)at < next;
		next = (size_t)at + 1;
	}
	return moved;
}

/* --- telling --- */

static struct str
name_of(struct str text)
{
	const char *space = memchr(text.p, ' ', text.n);

	return (struct str){ text.p, space == NULL ? text.n :
	    (size_t)(space - text.p) };
}

static int
put_blocks(const struct list *l, ssize_t block, struct buf *out)
{
	struct str text;

	if (block == -1)
		return 0;
	text = l->lines[block].text;
	return put_blocks(l, l->lines[block].block, out) |
	    buf_put_str(out, text) | buf_puts(out, ": ");
}

static int
tell(const struct list *l, struct line *line, const char *sign,
    struct buf *out)
{
	bool restart = line->block == -1 &&
	    conf_needs_restart(name_of(line->text));

	line->told = true;
	return buf_printf(out, INDENT "%s ", sign) |
	    put_blocks(l, line->block, out) | buf_put_str(out, line->text) |
	    buf_puts(out, restart ? " (needs a restart)\n" : "\n");
}

/* What stands in is in the place of old. */
static int
tell_instead(struct list *is, const struct line *old, struct buf *out)
{
	struct line *line;
	int rc = 0;
	size_t i;

	for (i = 0; i < is->n; i++) {
		line = &is->lines[i];
		if (line->like == -1 && !line->told &&
		    str_eq(name_of(line->text), name_of(old->text)) &&
		    same_block(is, line, old))
			rc |= tell(is, line, "+", out);
	}
	return rc;
}

static int
tell_all(struct list *was, struct list *is, struct buf *out)
{
	int rc = 0;
	size_t i;

	for (i = 0; i < was->n; i++)
		if (was->lines[i].like == -1)
			rc |= tell(was, &was->lines[i], "-", out) |
			    tell_instead(is, &was->lines[i], out);
	for (i = 0; i < is->n; i++)
		if (is->lines[i].like == -1 && !is->lines[i].told)
			rc |= tell(is, &is->lines[i], "+", out);
	return rc;
}

int
changes_put(struct str was, struct str is, struct buf *out)
{
	struct list before = { .n = 0 }, after = { .n = 0 };
	bool moved;
	int rc = -1;

	if (read_list(&before, was) == 0 && read_list(&after, is) == 0) {
		moved = compare(&before, &after);
		rc = tell_all(&before, &after, out);
		if (moved)
			rc |= buf_puts(out, INDENT "the order of some lines\n");
	}
	free(before.lines);
	free(after.lines);
	return rc == 0 ? 0 : -1;
}
