/*
 * Range fields: what counts, what is merged, and that nothing overflows.
 */
#include <inttypes.h>
#include <stdio.h>

#include "t/unit/edge.h"
#include "t/unit/tap.h"
#include "worker/http/range.h"

#define ALL	"all"
#define BEYOND	"416"

/* "0-4,7-9", or ALL, or BEYOND. */
static const char *
read_it(struct str value, uint64_t size)
{
	static char text[1024];
	struct http_ranges r;
	size_t n = 0;

	switch (http_range_parse(value, size, &r)) {
	case HTTP_RANGE_NONE:
		return ALL;
	case HTTP_RANGE_BEYOND:
		return BEYOND;
	default:
		break;
	}
	for (unsigned i = 0; i < r.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%" PRIu64 "-%" PRIu64, i == 0 ? "" : ",",
		    r.range[i].off, r.range[i].off + r.range[i].n - 1);
	return text;
}

static void
gives(const char *value, uint64_t size, const char *expected)
{
	size_t n = strlen(value);
	const char *got = read_it((struct str){ edge_put(value, n), n }, size);

	if (!ok(strcmp(got, expected) == 0, "%.60s of %" PRIu64 ": %s", value,
	    size, expected))
		printf("# got %s\n", got);
}

static void
test_one(void)
{
	gives("bytes=0-4", 10, "0-4");
	gives("bytes=0-0", 10, "0-0");
	gives("bytes=9-9", 10, "9-9");
	gives("bytes=5-", 10, "5-9");
	gives("bytes=0-", 10, "0-9");
	gives("bytes=5-100", 10, "5-9");
	gives("bytes=-3", 10, "7-9");
	gives("bytes=-10", 10, "0-9");
	gives("bytes=-100", 10, "0-9");
	gives("Bytes=0-4", 10, "0-4");
	gives("bytes=007-08", 10, "7-8");
}

static void
test_beyond(void)
{
	gives("bytes=10-", 10, BEYOND);
	gives("bytes=10-10", 10, BEYOND);
	gives("bytes=-0", 10, BEYOND);
	gives("bytes=99-,10-,-0", 10, BEYOND);
	gives("bytes=99-,2-3,-0", 10, "2-3");
	gives("bytes=0-", 0, BEYOND);
	gives("bytes=0-0", 0, BEYOND);
	gives("bytes=-0", 0, BEYOND);
	gives("bytes=-1", 0, ALL);
}

static void
test_junk(void)
{
	static const char *const junk[] = { "", "bytes", "bytes=", "bytes=-",
	    "bytes=,", "bytes=--1", "bytes=4-3", "bytes=a-b", "bytes=1",
	    "bytes=1-2-3", "bytes=+1-2", "bytes=0x1-2", "bytes=1 -2",
	    "bytes=1- 2", "bytes =1-2", "bytes= 1-2", "bytes=1-2 ",
	    "bytes:1-2", "items=1-2", "bytes=1-2;3-4", "bytes=0-1,x",
	    "bytes=0-1,bytes=2-3", "bytes=-1-", "1-2", "bytes==1-2",
	    "bytes=0-1,4-3" };

	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		gives(junk[i], 10, ALL);
}

static void
test_many(void)
{
	gives("bytes=0-1,4-5", 10, "0-1,4-5");
	gives("bytes=4-5,0-1", 10, "4-5,0-1");
	gives("bytes=0-1 ,\t4-5,,", 10, "0-1,4-5");
	gives("bytes=0-3,2-5", 10, "0-5");
	gives("bytes=2-5,0-3", 10, "0-5");
	gives("bytes=0-1,2-3", 10, "0-3");
	gives("bytes=0-1,3-4,2-2", 10, "0-4");
	gives("bytes=0-0,2-2,4-4,1-3", 10, "0-4");
	gives("bytes=6-7,0-1,3-4,1-3", 10, "6-7,0-4");
	gives("bytes=0-6,2-3", 10, "0-6");
	gives("bytes=0-4,-5", 10, "0-9");
	gives("bytes=0-9,0-0", 10, ALL);
	gives("bytes=0-,0-", 10, ALL);
	gives("bytes=0-5,-5", 10, ALL);
	gives("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,"
	    "22-22,24-24,26-26,28-28,30-30", 100, "0-0,2-2,4-4,6-6,8-8,10-10,"
	    "12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30");
	gives("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,"
	    "22-22,24-24,26-26,28-28,30-30,32-32", 100, ALL);
}

static void
test_large(void)
{
	gives("bytes=0-18446744073709551615", 10, "0-9");
	gives("bytes=0-18446744073709551616", 10, "0-9");
	gives("bytes=18446744073709551615-", 10, BEYOND);
	gives("bytes=18446744073709551616-18446744073709551617", 10, BEYOND);
	gives("bytes=99999999999999999999999-1", 10, ALL);
	gives("bytes=-18446744073709551616", 10, "0-9");
	gives("bytes=-9223372036854775808", 10, "0-9");
	/* CVE-2017-7529 */
	gives("bytes=-17208,-9223372036854758792", 100, ALL);
	gives("bytes=9223372036854775806-", INT64_MAX,
	    "9223372036854775806-9223372036854775806");
	gives("bytes=0-9223372036854775805,9223372036854775806-", INT64_MAX,
	    "0-9223372036854775806");
	gives("bytes=0-9223372036854775806,0-9223372036854775806,"
	    "0-9223372036854775806", INT64_MAX, ALL);
}

/* Whatever is asked for, no answer is longer than the whole, no part leaves
 * it, and parts are apart. */
static void
test_random(void)
{
	static const char *const seeds[] = { "bytes=0-1,4-5,-3",
	    "bytes=5-,-7,0-0", "bytes=1-2,3-4,5-6,8-9,2-7" };
	unsigned wrong = 0, some = 0;
	uint32_t seed = 7;

	for (int round = 0; round < 200000; round++) {
		uint64_t size = edge_random(&seed) % 12, total = 0;
		struct http_ranges r;
		char text[64];
		size_t n;

		n = (size_t)snprintf(text, sizeof(text), "%s", seeds[round %
		    3]);
		n = edge_mutate(&seed, text, n);
		if (http_range_parse((struct str){ edge_put(text, n), n },
		    size, &r) != HTTP_RANGE_SOME)
			continue;
		some++;
		wrong += r.n < 1 || r.n > HTTP_RANGES_MAX;
		for (unsigned i = 0; i < r.n; i++) {
			const struct http_range *a = &r.range[i];

			total += a->n;
			wrong += a->n == 0 || a->off + a->n > size;
			for (unsigned k = 0; k < i; k++)
				wrong += a->off <= r.range[k].off +
				    r.range[k].n && r.range[k].off <=
				    a->off + a->n;
		}
		wrong += total > size;
	}
	ok(wrong == 0 && some > 1000, "%u random fields that count", some);
}

int
main(void)
{
	test_one();
	test_beyond();
	test_junk();
	test_many();
	test_large();
	test_random();
	return done_testing();
}
