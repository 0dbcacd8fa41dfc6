/*
 * range: which bytes of a representation a Range field asks for (RFC 9110
 * section 14). Pure.
 */
#ifndef WORKER_HTTP_RANGE_H
#define WORKER_HTTP_RANGE_H

#include <stdint.h>

#include "common/str.h"

#define HTTP_RANGES_MAX	16		/* in one request; more are ignored */

struct http_range {
	uint64_t off;
	uint64_t n;			/* never 0 */
};

struct http_ranges {
	struct http_range range[HTTP_RANGES_MAX];
	unsigned n;
};

enum http_range_result {
	HTTP_RANGE_NONE,		/* the field does not count: send all */
	HTTP_RANGE_SOME,		/* *out is filled, n >= 1 */
	HTTP_RANGE_BEYOND		/* none of them is there: 416 */
};

/*
 * Reads a Range field's value for a representation of size bytes. The field
 * does not count when it is malformed or of another unit, when it asks for
 * more than HTTP_RANGES_MAX ranges, or for more bytes than there are. Ranges
 * that overlap or touch become one; the others stay in their order.
 */
enum http_range_result http_range_parse(struct str value, uint64_t size,
	    struct http_ranges *out);

#endif
