/*
 * conf_schema: every directive, in one table (of three parts: conf_schema_main,
 * _site and _cgi).
 *
 * Private to conf_*. The checks, their messages, conf_help, conf_dump and the
 * defaults all come from this table; nothing else knows a directive's name.
 */
#ifndef COMMON_CONF_SCHEMA_H
#define COMMON_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct conf_node;
struct conf_scope;

/* Where a directive may stand; bits. */
enum conf_where {
	CONF_IN_MAIN = 1 << 0,		/* outside all blocks */
	CONF_IN_SERVER = 1 << 1,
	CONF_IN_LOCATION = 1 << 2,
	CONF_IN_LIMITS = 1 << 3,
	CONF_IN_LOG = 1 << 4,
	CONF_IN_TLS = 1 << 5,
	CONF_IN_CGI_LIMITS = 1 << 6,
	CONF_IN_TYPES = 1 << 7,		/* lines of words, no directives */
	CONF_IN_TRUST = 1 << 8,
	CONF_IN_FILE = 1 << 9		/* done while the file is read */
};

/* A site's directives: what a server and its locations may say, and the main
 * level for all servers. */
#define CONF_IN_SITE	(CONF_IN_MAIN | CONF_IN_SERVER | CONF_IN_LOCATION)

#define CONF_IN_ANY	0x1ffu

enum conf_type {
	CONF_ANY,			/* checked by the directive's apply */
	CONF_NUMBER,
	CONF_SIZE,			/* 512 4k 10m 1g 1t, in bytes */
	CONF_TIME,			/* 500ms 10s 5m 1h 14d, in ms */
	CONF_SECONDS,			/* the same, in whole seconds */
	CONF_SWITCH,			/* on off */
	CONF_CHOICE,			/* one of choices, its place from 1 */
	CONF_PATH			/* made absolute */
};

/* One value behind a directive's name. */
struct conf_arg {
	enum conf_type type;
	uint64_t min;
	uint64_t max;
	size_t off;		/* where it is kept: in struct conf_location */
	size_t size;		/* for a site's directive, else in struct
				 * conf_tree; size 0: apply keeps it */
	const char *const *choices; /* of CHOICE; a NUMBER may be the first of
				 * them, which is 0 */
};

typedef void conf_apply(struct conf_scope *scope,
    const struct conf_node *node);

#define CONF_ARGS	4
#define CONF_MANY	((unsigned)-1)	/* values: any number */

struct conf_directive {
	const char *name;
	const char *shape;	/* what to write behind the name */
	const char *value;	/* the default, NULL = none */
	const char *help;	/* one sentence */
	unsigned where;		/* enum conf_where */
	unsigned block;		/* what its block is, 0 = it has none */
	unsigned least;		/* how many values it needs */
	unsigned most;		/* and takes at most */
	bool many;		/* may be given more than once */
	bool late;		/* built when the rest of its block is */
	bool restart;		/* a reload does not change it */
	bool of_request;	/* takes $rest and $query */
	conf_apply *apply;	/* keeps what args do not; may be NULL */
	struct conf_arg args[CONF_ARGS];
};

/* Every directive has a number from 0 on, in the order of the tables. */
size_t	conf_schema_count(void);
/* NULL behind the last one. */
const struct conf_directive *conf_schema_at(size_t i);
size_t	conf_schema_number(const struct conf_directive *d);
/* The directive of that name that may stand in one of where, or NULL. */
const struct conf_directive *conf_schema_find(struct str name, unsigned where);
/* "server block", "main level". */
const char *conf_where_name(unsigned where);

/* --- the nearest of some names, for "did you mean" --- */

struct conf_nearest {
	struct str word;		/* what was written */
	struct str best;		/* the nearest name; p NULL: none is */
	size_t distance;		/* of best; larger ones are no use */
};

struct conf_nearest conf_nearest_start(struct str word);
void	conf_nearest_try(struct conf_nearest *n, struct str name);
/* Tries every directive that may stand in where. */
void	conf_nearest_directive(struct conf_nearest *n, unsigned where);

/* --- how values are written (conf_value.c) --- */

struct buf;

/* Reads a value of this type; 0, or -1 when text is not one or too large to
 * hold. Limits are not looked at. */
int	conf_value_read(const struct conf_arg *arg, struct str text,
	    uint64_t *out);
/* Appends a value as conf_value_read reads it. */
void	conf_value_write(const struct conf_arg *arg, uint64_t value,
	    struct buf *out);
/* "a time": what a value of this type is called, and how one is written. */
const char *conf_value_name(enum conf_type type);
const char *conf_value_example(enum conf_type type);
/* Where arg keeps its value below base. */
void	conf_value_store(const struct conf_arg *arg, void *base,
	    uint64_t value);
uint64_t conf_value_fetch(const struct conf_arg *arg, const void *base);

#endif
