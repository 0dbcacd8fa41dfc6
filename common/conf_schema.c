/*
 * The tables of directives as one.
 */
#include "common/conf_schema.h"

#include <assert.h>

#include "common/conf_schema_table.h"

static const struct conf_schema_table *const tables[] = {
	&conf_schema_main, &conf_schema_site, &conf_schema_cgi
};

#define TABLES	(sizeof(tables) / sizeof(tables[0]))

size_t
conf_schema_count(void)
{
	size_t n = 0;

	for (size_t t = 0; t < TABLES; t++)
		n += tables[t]->n;
	return n;
}

const struct conf_directive *
conf_schema_at(size_t i)
{
	for (size_t t = 0; t < TABLES; t++) {
		if (i < tables[t]->n)
			return &tables[t]->directives[i];
		i -= tables[t]->n;
	}
	return NULL;
}

size_t
conf_schema_number(const struct conf_directive *d)
{
	size_t before = 0;

	for (size_t t = 0; t < TABLES; t++) {
		const struct conf_schema_table *table = tables[t];

		if (d >= table->directives &&
		    d < table->directives + table->n)
			return before + (size_t)(d - table->directives);
		before += table->n;
	}
	assert(before == SIZE_MAX);	/* a directive of no table */
	return 0;
}

const struct conf_directive *
conf_schema_find(struct str name, unsigned where)
{
	const struct conf_directive *d;

	for (size_t i = 0; (d = conf_schema_at(i)) != NULL; i++)
		if ((d->where & where) != 0 &&
		    str_eq(str_from(d->name), name))
			return d;
	return NULL;
}

const char *
conf_where_name(unsigned where)
{
	switch (where) {
	case CONF_IN_MAIN:
		return "main level";
	case CONF_IN_SERVER:
		return "server block";
	case CONF_IN_LOCATION:
		return "location block";
	case CONF_IN_LIMITS:
		return "limits block";
	case CONF_IN_LOG:
		return "log block";
	case CONF_IN_TLS:
		return "tls block";
	case CONF_IN_CGI_LIMITS:
		return "cgi-limits block";
	case CONF_IN_TRUST:
		return "trust-proxy block";
	default:
		return "types block";
	}
}
