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
#include "worker/http/fields.h"

#define HTTP_FIELDS_MAX		128	/* no configuration goes above this */
#define HTTP_LINE_MAX		8192	/* request line; one field line; both
					 * without their CRLF */
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
	HTTP_METHOD_OTHER		/* a token that is none of them */
};

/* Slices into the parsed bytes. */
struct http_head {
	enum http_method method;
	struct str method_name;
	struct str target;		/* the request-target as it was sent */
	int version_minor;		/* of HTTP/1.x */
	struct http_field field[HTTP_FIELDS_MAX];
	size_t nfields;
	/* 1 + the index in field of the first of each kind, 0 = absent; and
	 * how often it came. Only the first nfields of field are set. */
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
 * 400, 414, 431 or 505 (501 is the caller's), and *head has no fields. PARTIAL:
 * call again with the same bytes and more.
 *
 * *scanned is 0 for a new head and belongs to the parser until COMPLETE, which
 * leaves it 0; the caller keeps it with the bytes, which may move meanwhile.
 * Thanks to it a later call looks at the new bytes only, and at each line once
 * more when its end has come. What is already wrong or too long is refused
 * before the end of the head arrives.
 */
enum http_parse_result http_parse(const char *p, size_t n,
	    const struct http_parse_limits *limits, size_t *scanned,
	    struct http_head *head, size_t *used, int *status);

/* RFC 9110 5.6.2. */
bool		http_is_token(struct str s);
bool		http_is_token_char(char c);
/* RFC 9110 5.5: VCHAR, obs-text, SP and HTAB only. */
bool		http_is_field_value(struct str s);
bool		http_is_value_char(char c);

#endif
