/*
 * The Range field: read strictly, and so that no answer costs more than the
 * whole representation would.
 */
#include "worker/http/range.h"

#include <stdbool.h>
#include <string.h>

/* What one range of a list turned out to be. */
enum verdict {
	RANGE_BAD,			/* the field does not count */
	RANGE_EMPTY,			/* nothing of it is there */
	RANGE_GOOD
};

/* A position: digits alone. One too large for an integer lies behind every
 * end, as the largest does. */
static bool
read_position(struct str s, uint64_t *out)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	if (s.n > 0 && str_u64(s, UINT64_MAX, out) == -1)
		*out = UINT64_MAX;
	return s.n > 0;
}

/* "-500": the last 500 bytes. Of nothing they are all there is, which is no
 * range that Content-Range could name (RFC 9110 14.1.2): the field does not
 * count then. */
static enum verdict
read_suffix(struct str digits, uint64_t size, struct http_range *out)
{
	uint64_t n;

	if (!read_position(digits, &n) || (size == 0 && n > 0))
		return RANGE_BAD;
	if (n > size)
		n = size;
	*out = (struct http_range){ size - n, n };
	return n > 0 ? RANGE_GOOD : RANGE_EMPTY;
}

/* "0-499", "500-" */
static enum verdict
read_positions(struct str first, struct str last, uint64_t size,
    struct http_range *out)
{
	uint64_t from, to = UINT64_MAX;

	if (!read_position(first, &from) ||
	    (last.n > 0 && !read_position(last, &to)) || to < from)
		return RANGE_BAD;
	if (from >= size)
		return RANGE_EMPTY;
	if (to >= size)
		to = size - 1;
	*out = (struct http_range){ from, to - from + 1 };
	return RANGE_GOOD;
}

static enum verdict
read_range(struct str spec, uint64_t size, struct http_range *out)
{
	const char *dash = memchr(spec.p, '-', spec.n);
	struct str first, last;

	if (dash == NULL)
		return RANGE_BAD;
	first = (struct str){ spec.p, (size_t)(dash - spec.p) };
	last = (struct str){ dash + 1, spec.n - first.n - 1 };
	if (first.n == 0)
		return read_suffix(last, size, out);
	return read_positions(first, last, size, out);
}

/* RFC 9110 15.3.7.2: what overlaps or touches may be sent as one. Each range
 * ends at the size or before, so that no sum here overflows. */
static bool
merge(struct http_range *a, const struct http_range *b)
{
	uint64_t a_end = a->off + a->n, b_end = b->off + b->n;

	if (a_end < b->off || b_end < a->off)
		return false;
	if (b->off < a->off)
		a->off = b->off;
	a->n = (a_end > b_end ? a_end : b_end) - a->off;
	return true;
}

/* One that grew may reach those that were apart from it before. */
static void
merge_all(struct http_ranges *r)
{
	unsigned i = 0, k;

	while (i < r->n) {
		for (k = i + 1; k < r->n; k++)
			if (merge(&r->range[i], &r->range[k]))
				break;
		if (k == r->n) {
			i++;
			continue;
		}
		r->n--;
		memmove(&r->range[k], &r->range[k + 1],
		    (r->n - k) * sizeof(r->range[0]));
		i = 0;
	}
}

enum http_range_result
http_range_parse(struct str value, uint64_t size, struct http_ranges *out)
{
	const struct str unit = STR("bytes=");
	struct str list, spec;
	uint64_t total = 0;
	unsigned seen = 0;

	out->n = 0;
	if (value.n < unit.n ||
	    !str_eqcase((struct str){ value.p, unit.n }, unit))
		return HTTP_RANGE_NONE;
	list = (struct str){ value.p + unit.n, value.n - unit.n };
	if (!str_eq(str_trim(list), list))
		return HTTP_RANGE_NONE;
	while (str_next_element(&list, &spec)) {
		struct http_range *range = &out->range[out->n];

		if (++seen > HTTP_RANGES_MAX)
			return HTTP_RANGE_NONE;
		switch (read_range(spec, size, range)) {
		case RANGE_BAD:
			return HTTP_RANGE_NONE;
		case RANGE_EMPTY:
			break;
		case RANGE_GOOD:
			/* CVE-2017-7529: the sum is checked, too. */
			if (__builtin_add_overflow(total, range->n, &total) ||
			    total > size)
				return HTTP_RANGE_NONE;
			out->n++;
			break;
		}
	}
	merge_all(out);
	if (out->n == 0)
		return seen == 0 ? HTTP_RANGE_NONE : HTTP_RANGE_BEYOND;
	return HTTP_RANGE_SOME;
}
