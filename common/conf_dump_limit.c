/*
 * What one client may have, written as it would be in a file.
 */
#include "common/conf_dump.h"

#include "common/buf.h"
#include "common/conf_limit.h"
#include "common/conf_schema.h"

static void
put(const struct dump *d, const char *name, const struct conf_limit *l)
{
	static const struct conf_arg size = { .type = CONF_SIZE };

	dump_indent(d);
	(void)buf_printf(d->out, "limit %s ", name);
	if (l->kind == CONF_LIMIT_NONE)
		(void)buf_puts(d->out, "off\n");
	else if (l->kind == CONF_LIMIT_RATE)
		(void)buf_printf(d->out, "%llu/%c burst %llu per ip\n",
		    (unsigned long long)l->n, l->unit,
		    (unsigned long long)l->burst);
	else {
		conf_value_write(&size, l->n, d->out);
		(void)buf_puts(d->out, " per ip\n");
	}
}

void
dump_limits(const struct dump *d, const struct conf_location *l,
    const struct conf_location *outer)
{
	if (l->rate != NULL && (outer == NULL || l->rate != outer->rate))
		put(d, "rate", l->rate);
	if (l->bandwidth != NULL && (outer == NULL ||
	    l->bandwidth != outer->bandwidth))
		put(d, "bandwidth", l->bandwidth);
}
