/*
 * What the schema says of one directive, for people.
 */
#include "common/conf.h"

#include <string.h>

#include "common/conf_schema.h"

/* Between which limits values are: "range: 512 to 1m, 10ms to 1h". */
static int
put_ranges(const struct conf_directive *d, struct buf *out)
{
	const struct conf_arg *arg;
	int bad = 0;
	bool first = true;

	for (arg = d->args; arg < d->args + CONF_ARGS; arg++) {
		if (arg->max == 0)
			continue;
		bad |= buf_puts(out, first ? "\n    range: " : ", ");
		conf_value_write(arg, arg->min, out);
		bad |= buf_puts(out, " to ");
		conf_value_write(arg, arg->max, out);
		first = false;
	}
	return bad;
}

static int
put_help(const struct conf_directive *d, struct buf *out)
{
	unsigned bit;
	int bad = 0;
	bool first = true;

	bad |= buf_printf(out, "%s %s\n    %s\n    belongs in: ", d->name,
	    d->shape, d->help);
	for (bit = 1; bit < CONF_IN_FILE; bit <<= 1) {
		if ((d->where & bit) == 0)
			continue;
		bad |= buf_printf(out, "%s%s", first ? "" : ", ",
		    conf_where_name(bit));
		first = false;
	}
	if (d->value != NULL)
		bad |= buf_printf(out, "\n    default: %s", d->value);
	bad |= put_ranges(d, out);
	bad |= buf_printf(out, "\n    a change needs: a %s\n",
	    d->restart ? "restart" : "reload");
	return bad == 0 ? 0 : -1;
}

int
conf_help(const char *name, struct buf *out)
{
	const struct conf_directive *d;
	int bad = -1;
	size_t i;

	for (i = 0; (d = conf_schema_at(i)) != NULL; i++)
		if (strcmp(d->name, name) == 0)
			bad = put_help(d, out);
	return bad;
}

int
conf_help_list(struct buf *out)
{
	size_t i;
	int bad = 0;

	for (i = 0; i < conf_schema_count(); i++)
		bad |= buf_printf(out, "  %-18s %s\n", conf_schema_at(i)->name,
		    conf_schema_at(i)->shape);
	return bad == 0 ? 0 : -1;
}

struct str
conf_help_nearest(const char *name)
{
	struct conf_nearest near = conf_nearest_start(str_from(name));

	conf_nearest_directive(&near, CONF_IN_ANY);
	return near.best;
}

bool
conf_needs_restart(struct str name)
{
	const struct conf_directive *d;

	d = conf_schema_find(name, CONF_IN_MAIN);
	return d != NULL && d->restart;
}
