/*
 * conf_limit: what `limit` says one client address may have of a server or a
 * location.
 */
#ifndef COMMON_CONF_LIMIT_H
#define COMMON_CONF_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"

enum conf_limit_kind {
	CONF_LIMIT_NONE,
	CONF_LIMIT_RATE,		/* requests */
	CONF_LIMIT_BANDWIDTH		/* bytes sent */
};

struct conf_limit {
	enum conf_limit_kind kind;
	uint64_t n;			/* so many, */
	char unit;			/* a second, minute or hour: s m h */
	uint64_t burst;			/* requests that may come at once */
	int64_t cost_ns;		/* of one request, */
	int64_t burst_ns;		/* and of the burst */
	uint64_t id;			/* different for every other limit */
	const void *owner;		/* the block that says it */
	struct conf_pos pos;
};

#endif
