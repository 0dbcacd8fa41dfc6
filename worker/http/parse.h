/*
 * parse: the head of a request, from bytes to slices (RFC 9112 sections 2-5).
 *
 * Pure: no I/O, no allocation, nothing is kept. What could be read in two ways
 * is refused.
 */
#ifndef WORKER_HTTP_PARSE_H
#define WORKER_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define HTTP_FIELDS_MAX		128	/* no configuration goes above this */
#define HTTP_LINE_MAX		8192	/* request line; one field line */
#define HTTP_METHOD_MAX		32

enum http_method {
	HTTP_METHOD_NONE,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_DELETE,
	HTTP_PATCH,
	HTTP_OPTIONS,
	HTTP_CONNECT,
	HTTP_TRACE,
	HTTP_METHOD_OTHER		/* a token that names no method we know */
};

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

/* Slices into the parsed bytes. */
struct http_head {
	enum http_method method;
	struct str method_name;
	struct str target;		/* the request-target as it was sent */
	int version_minor;		/* of HTTP/1.x */
	struct http_field field[HTTP_FIELDS_MAX];
	size_t nfields;
	/* 1 + the index in field of the first of each known kind, 0 = absent;
	 * and how often it came. */
	uint8_t first[FIELD_IDS];
	uint8_t count[FIELD_IDS];
};

enum http_parse_result {
	HTTP_PARSE_NONE,
	HTTP_PARSE_PARTIAL,		/* more bytes are needed */
	HTTP_PARSE_COMPLETE,
	HTTP_PARSE_BAD			/* answer *status and close */
};

struct http_parse_limits {
	size_t head;			/* bytes of the whole head */
	unsigned fields;		/* at most HTTP_FIELDS_MAX */
};

/*
 * Reads one head at p. COMPLETE: *head is filled and *used is its length,
 * an empty line before it and the one that ends it included. BAD: *status is
 * 400, 414, 431 or 505 (501 is the caller's). PARTIAL: call again with the
 * same bytes and more; *scanned (0 at first, the caller keeps it with the
 * bytes) makes that cost no more than looking at the new bytes once for the
 * end of the head, while a head that is already wrong or too long is refused
 * before its end arrives.
 */
enum http_parse_result http_parse(const char *p, size_t n,
	    const struct http_parse_limits *limits, size_t *scanned,
	    struct http_head *head, size_t *used, int *status);

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

/* The kind of a field name, in any case. */
enum http_field_id http_field_lookup(struct str name);
/* RFC 9110 5.6.2. */
bool		http_is_token(struct str s);
bool		http_is_token_char(char c);
/* RFC 9110 5.5: VCHAR, obs-text, SP and HTAB only. */
bool		http_is_field_value(struct str s);

#endif
