/*
 * cond: what a request's preconditions say of the current representation
 * (RFC 9110 section 13). Pure.
 */
#ifndef WORKER_HTTP_COND_H
#define WORKER_HTTP_COND_H

#include <stdbool.h>
#include <time.h>

#include "common/str.h"

struct http_head;

/* What is known of the representation that would be sent. */
struct validators {
	struct str etag;		/* with its quotes, maybe weak */
	bool has_modified;
	time_t modified;		/* Last-Modified, when has_modified */
	time_t now;			/* of the request */
};

/*
 * For GET and HEAD of something that is there and would be answered with 200
 * (for anything else preconditions are ignored: section 13.2.1). Returns 0,
 * 304 or 412, evaluated in the order of section 13.2.2. A date that is none
 * is no condition; an entity-tag that is none matches nothing.
 */
int	cond_status(const struct http_head *head, const struct validators *v);

/*
 * Does the request's Range count? Yes without an If-Range, and when that names
 * the current representation: by a strong ETag, or by its exact date when the
 * second of that date has passed (section 13.1.5).
 */
bool	cond_range(const struct http_head *head, const struct validators *v);

#endif
