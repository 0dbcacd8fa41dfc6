/*
 * conf_schema_table: how the tables of directives are written, and their
 * names. Included by them and by conf_schema alone.
 */
#ifndef COMMON_CONF_SCHEMA_TABLE_H
#define COMMON_CONF_SCHEMA_TABLE_H

#include "common/conf_build.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

#define SECOND		((uint64_t)1000)
#define HOUR		(3600 * SECOND)
#define DAY		(24 * HOUR)
#define K		((uint64_t)1 << 10)
#define M		((uint64_t)1 << 20)
#define T		((uint64_t)1 << 40)

/* Where a value is kept. */
#define FIELD(type, member) \
	.off = offsetof(struct type, member), \
	.size = sizeof(((struct type *)NULL)->member)
#define IN_CONF(member)		FIELD(conf_tree, conf.member)
#define IN_SITE(member)		FIELD(conf_location, member)

#define RANGE(kind, low, high)	.type = (kind), .min = (low), .max = (high)

struct conf_schema_table {
	const struct conf_directive *directives;
	size_t n;
};

/* The process, its limits, logs and TLS. */
extern const struct conf_schema_table conf_schema_main;
/* Servers and locations, and how their files are served. */
extern const struct conf_schema_table conf_schema_site;
/* Programs. */
extern const struct conf_schema_table conf_schema_cgi;

#endif
