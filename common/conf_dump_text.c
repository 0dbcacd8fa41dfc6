/*
 * Words, lines and blocks of a configuration, and what the table knows by
 * itself.
 */
#include "common/conf_dump.h"

#include <string.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/conf_schema.h"

int
conf_quote(const char *word, struct buf *out)
{
	struct buf quoted = { 0 };
	const char *p;
	int bad = buf_puts(&quoted, "\"");

	for (p = word; *p != '\0'; p++) {
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			bad = -1;
		if (strchr("\"\\$", *p) != NULL)
			bad |= buf_puts(&quoted, "\\");
		bad |= buf_put(&quoted, p, 1);
	}
	bad |= buf_puts(&quoted, "\"");
	if (bad == 0)
		bad = buf_put_str(out, buf_str(&quoted));
	buf_free(&quoted);
	return bad == 0 ? 0 : -1;
}

void
dump_indent(const struct dump *d)
{
	(void)buf_printf(d->out, "%*s", 4 * d->depth, "");
}

void
dump_word(const struct dump *d, const char *word)
{
	(void)buf_puts(d->out, " ");
	if (*word != '\0' && strpbrk(word, " \t;{}\"\\$#") == NULL)
		(void)buf_puts(d->out, word);
	else
		(void)conf_quote(word, d->out);
}

void
dump_line(const struct dump *d, const char *name, const char *word,
    const struct conf_pos *pos)
{
	dump_indent(d);
	(void)buf_printf(d->out, "%s%s", pos->file == NULL ? "# " : "", name);
	dump_word(d, word);
	(void)buf_puts(d->out, "\n");
}

void
dump_open(struct dump *d)
{
	(void)buf_puts(d->out, " {\n");
	d->depth++;
}

void
dump_close(struct dump *d)
{
	d->depth--;
	dump_indent(d);
	(void)buf_puts(d->out, "}\n");
}

/* --- what the table knows by itself --- */

static bool
differs(const struct conf_directive *directive, const void *base,
    const void *outer)
{
	size_t i;

	for (i = 0; i < CONF_ARGS; i++)
		if (directive->args[i].size > 0 && (outer == NULL ||
		    conf_value_fetch(&directive->args[i], base) !=
		    conf_value_fetch(&directive->args[i], outer)))
			return true;
	return false;
}

static void
put_directive(const struct dump *d, const struct conf_directive *directive,
    const void *base)
{
	size_t i;

	dump_indent(d);
	(void)buf_puts(d->out, directive->name);
	for (i = 0; i < directive->most; i++) {
		const struct conf_arg *arg = &directive->args[i];

		(void)buf_puts(d->out, " ");
		/* A choice that is not kept is a word that must be there. */
		conf_value_write(arg, arg->size == 0 ? 1 :
		    conf_value_fetch(arg, base), d->out);
	}
	(void)buf_puts(d->out, "\n");
}

void
dump_table(struct dump *d, const char *block, unsigned where,
    const void *base, const void *outer)
{
	bool opened = false;
	size_t i;

	for (i = 0; i < conf_schema_count(); i++) {
		const struct conf_directive *directive = conf_schema_at(i);

		if (directive->where != where || directive->args[0].size == 0 ||
		    !differs(directive, base, outer))
			continue;
		if (block != NULL && !opened) {
			dump_indent(d);
			(void)buf_puts(d->out, block);
			dump_open(d);
			opened = true;
		}
		put_directive(d, directive, base);
	}
	if (opened)
		dump_close(d);
}
