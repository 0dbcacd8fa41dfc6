/*
 * fuzz: the Range field. Ranges lie within the size, apart from each other,
 * and are no more bytes than there are; and for small sizes they are just the
 * bytes that a naive reading of the field asks for.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/range.h"

#define SMALL	64

/* Digits at *p, as a number no larger than SMALL; -1 when there are none. */
static int
naive_number(const char **p, const char *end)
{
	int v = -1;

	for (; *p < end && ascii_digit(**p); (*p)++) {
		v = (v < 0 ? 0 : v) * 10 + (**p - '0');
		v = v > SMALL ? SMALL : v;
	}
	return v;
}

/* Marks what one range asks for. */
static void
naive_range(const char *p, const char *end, int size, bool *wanted)
{
	int first = naive_number(&p, end), last;

	must(p < end && *p == '-');
	p++;
	last = naive_number(&p, end);
	must(p == end && (first >= 0 || last >= 0));
	if (first < 0) {
		first = last > size ? 0 : size - last;
		last = size;
	} else if (last < 0) {
		last = size;
	}
	for (int i = first; i <= last && i < size; i++)
		wanted[i] = true;
}

static void
check_small(struct str value, int size)
{
	bool wanted[SMALL] = { false }, sent[SMALL] = { false };
	struct http_ranges ranges;
	struct str list = value, element;

	if (http_range_parse(value, (uint64_t)size, &ranges) !=
	    HTTP_RANGE_SOME)
		return;
	for (unsigned i = 0; i < ranges.n; i++)
		for (uint64_t k = 0; k < ranges.range[i].n; k++)
			sent[ranges.range[i].off + k] = true;
	list.p += 6;
	list.n -= 6;
	while (str_next_element(&list, &element))
		naive_range(element.p, element.p + element.n, size, wanted);
	must(memcmp(wanted, sent, sizeof(sent)) == 0);
}

static void
check(struct str value, uint64_t size)
{
	struct http_ranges ranges;
	enum http_range_result result = http_range_parse(value, size, &ranges);
	uint64_t total = 0;

	must(result == HTTP_RANGE_NONE || result == HTTP_RANGE_SOME ||
	    result == HTTP_RANGE_BEYOND);
	if (result != HTTP_RANGE_SOME)
		return;
	must(ranges.n >= 1 && ranges.n <= HTTP_RANGES_MAX);
	for (unsigned i = 0; i < ranges.n; i++) {
		const struct http_range *a = &ranges.range[i], *b;

		must(a->n > 0 && a->n <= size && a->off <= size - a->n);
		total += a->n;
		for (unsigned k = 0; k < i; k++) {
			b = &ranges.range[k];
			must(a->off + a->n < b->off || b->off + b->n < a->off);
		}
	}
	must(total <= size);
}

void
fuzz(const char *p, size_t n)
{
	struct str value;
	uint64_t size = 0;

	if (n < sizeof(size))
		return;
	memcpy(&size, p, sizeof(size));
	n -= sizeof(size);
	value = (struct str){ edge_put(p + sizeof(size), n), n };
	check(value, size);
	check(value, size & INT64_MAX);
	check(value, size % 100000);
	check(value, 0);
	for (int small = 1; small <= SMALL; small *= 4)
		check_small(value, small);
	check_small(value, (int)(size % SMALL));
}
