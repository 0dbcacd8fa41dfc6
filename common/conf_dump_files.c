/*
 * How a site sends its files, written as it would be in a file.
 */
#include "common/conf_dump.h"

#include <string.h>

#include "common/conf.h"

static void
put_precompressed(const struct dump *d, const struct conf_location *l)
{
	static const char *const names[] = { "", " br", " gz" };
	size_t i;

	dump_indent(d);
	(void)buf_puts(d->out, "precompressed");
	for (i = 0; i < CONF_CODINGS; i++)
		(void)buf_puts(d->out, names[l->precompressed[i]]);
	(void)buf_puts(d->out, l->precompressed[0] == CONF_CODING_NONE ?
	    " off\n" : "\n");
}

static void
put_gzip(const struct dump *d, const struct conf_location *l)
{
	size_t i;

	dump_indent(d);
	(void)buf_puts(d->out, l->ngzip == 0 ? "gzip off" : "gzip");
	for (i = 0; i < l->ngzip; i++)
		(void)buf_printf(d->out, " %.*s%s", (int)l->gzip[i].n,
		    l->gzip[i].p, str_ends(l->gzip[i], STR("/")) ? "*" : "");
	(void)buf_puts(d->out, "\n");
}

static void
put_rule(const struct dump *d, const struct conf_cache_rule *rule)
{
	static const char age[] = "max-age=";
	const char *value = rule->value == NULL ? "off" : rule->value;
	bool timed = strncmp(value, age, sizeof(age) - 1) == 0;
	struct buf name = { 0 };

	dump_indent(d);
	(void)buf_puts(d->out, "cache");
	if (buf_printf(&name, "%s%.*s", rule->end ? "*" : "",
	    (int)rule->name.n, rule->name.p) == 0 &&
	    buf_put(&name, "", 1) == 0)
		dump_word(d, buf_head(&name));
	(void)buf_printf(d->out, " %s%s\n", timed ? value + sizeof(age) - 1 :
	    value, timed ? "s" : "");
	buf_free(&name);
}

void
dump_files(const struct dump *d, const struct conf_location *l,
    const struct conf_location *outer)
{
	size_t i;

	if (outer == NULL || memcmp(l->precompressed, outer->precompressed,
	    sizeof(l->precompressed)) != 0)
		put_precompressed(d, l);
	if (outer == NULL || l->gzip != outer->gzip)
		put_gzip(d, l);
	for (i = 0; (outer == NULL || l->cache != outer->cache) &&
	    i < l->ncache; i++)
		put_rule(d, &l->cache[i]);
}
