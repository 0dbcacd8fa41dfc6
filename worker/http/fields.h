/*
 * fields: which header fields pyked knows, and what a parsed head says of them.
 */
#ifndef WORKER_HTTP_FIELDS_H
#define WORKER_HTTP_FIELDS_H

#include <stdbool.h>

#include "common/str.h"

struct http_head;

/* Fields looked up on every request are recognised while parsing. */
enum http_field_id {
	FIELD_OTHER,
	FIELD_ACCEPT_ENCODING,
	FIELD_AUTHORIZATION,
	FIELD_CONNECTION,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_TYPE,
	FIELD_COOKIE,
	FIELD_EXPECT,
	FIELD_HOST,
	FIELD_IF_MATCH,
	FIELD_IF_MODIFIED_SINCE,
	FIELD_IF_NONE_MATCH,
	FIELD_IF_RANGE,
	FIELD_IF_UNMODIFIED_SINCE,
	FIELD_KEEP_ALIVE,
	FIELD_PROXY,
	FIELD_RANGE,
	FIELD_REFERER,
	FIELD_TE,
	FIELD_TRAILER,
	FIELD_TRANSFER_ENCODING,
	FIELD_UPGRADE,
	FIELD_USER_AGENT,
	FIELD_IDS			/* how many there are */
};

struct http_field {
	enum http_field_id id;
	struct str name;		/* as it was sent */
	struct str value;		/* without the space around it */
};

/* The kind of a field name, in any case. */
enum http_field_id http_field_lookup(struct str name);

/* The first field of a kind; NULL when absent. */
const struct http_field *http_field(const struct http_head *head,
	    enum http_field_id id);
/* Its value; empty when absent. */
struct str	http_field_value(const struct http_head *head,
	    enum http_field_id id);
/* Does a field of this kind hold the element, compared without case, in any
 * of its lines? */
bool		http_field_has(const struct http_head *head,
	    enum http_field_id id, struct str element);

#endif
