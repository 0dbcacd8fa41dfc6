/*
 * Preconditions: each field alone, their order, and junk in all of them.
 */
#include "t/unit/head_of.h"
#include "t/unit/tap.h"
#include "worker/http/cond.h"

/* The dates below are of that file, a second before it and a second after. */
#define MODIFIED	784111777
#define DATE		"Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE		"Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER		"Sun, 06 Nov 1994 08:49:38 GMT"

#define IM(v)		"If-Match: " v "\r\n"
#define INM(v)		"If-None-Match: " v "\r\n"
#define IMS(v)		"If-Modified-Since: " v "\r\n"
#define IUS(v)		"If-Unmodified-Since: " v "\r\n"
#define IR(v)		"If-Range: " v "\r\n"

static struct validators file = { STR("\"a\""), true, MODIFIED,
    MODIFIED + 1000 };

static void
gives(int status, const char *lines)
{
	int got = cond_status(head_of(lines), &file);

	if (!ok(got == status, "%d: %.*s", status, (int)strcspn(lines, "\r"),
	    lines))
		printf("# got %d\n", got);
}

static void
counts(bool range, const char *lines)
{
	ok(cond_range(head_of(lines), &file) == range, "%s: %.*s",
	    range ? "a range" : "all", (int)strcspn(lines, "\r"), lines);
}

static void
test_if_match(void)
{
	gives(0, "");
	gives(0, IM("\"a\""));
	gives(0, IM("*"));
	gives(0, IM("\"b\", \"a\""));
	gives(0, IM("\"b,c\",\"a\""));
	gives(0, IM("\"b\"") IM("\"a\""));
	gives(412, IM("\"b\""));
	gives(412, IM("W/\"a\""));
	gives(412, IM("a"));
	gives(412, IM("\"b,\"a\",c\""));
	gives(412, IM("*, \"b\""));
	gives(412, IM(""));
	gives(412, IM("\"a"));
	file.etag = STR("W/\"a\"");
	gives(412, IM("W/\"a\""));
	gives(0, IM("*"));
	file.etag = STR("\"a\"");
}

static void
test_if_none_match(void)
{
	gives(304, INM("\"a\""));
	gives(304, INM("W/\"a\""));
	gives(304, INM("*"));
	gives(304, INM(", \"b\" ,, \"a\""));
	gives(304, INM("x, \"a\""));
	gives(304, INM("\"b\"") "X: y\r\n" INM("\"a\""));
	gives(0, INM("\"b\""));
	gives(0, INM("a"));
	gives(0, INM("w/\"a\""));
	gives(0, INM("\"A\""));
	gives(0, INM("\"\""));
	gives(0, INM(""));
	gives(0, INM("*") INM("\"b\""));
	gives(0, INM("\"x,\"a\"y\""));
	file.etag = STR("W/\"a\"");
	gives(304, INM("\"a\""));
	gives(304, INM("W/\"a\""));
	file.etag = STR("\"a,b\"");
	gives(304, INM("\"c\",\"a,b\""));
	gives(0, INM("\"a\",\"b\""));
	file.etag = STR("\"a\"");
}

static void
test_dates(void)
{
	gives(304, IMS(DATE));
	gives(304, IMS(AFTER));
	gives(304, IMS("Sunday, 06-Nov-94 08:49:37 GMT"));
	gives(304, IMS("Sun Nov  6 08:49:37 1994"));
	gives(0, IMS(BEFORE));
	gives(0, IMS("yesterday"));
	gives(0, IMS(""));
	gives(0, IMS("784111777"));
	gives(0, IMS(DATE ", " DATE));
	gives(0, IMS(DATE) IMS(DATE));
	gives(0, IUS(DATE));
	gives(0, IUS(AFTER));
	gives(412, IUS(BEFORE));
	gives(412, IUS("Sunday, 06-Nov-94 08:49:36 GMT"));
	gives(412, IUS("Sun Nov  6 08:49:36 1994"));
	gives(0, IUS("yesterday"));
	gives(0, IUS(BEFORE) IUS(BEFORE));
	file.has_modified = false;
	gives(0, IMS(AFTER));
	gives(0, IUS(BEFORE));
	counts(false, IR(DATE));
	file.has_modified = true;
}

/* RFC 9110 13.2.2. */
static void
test_order(void)
{
	gives(0, IM("\"a\"") IUS(BEFORE));
	gives(412, IM("\"b\"") IUS(AFTER));
	gives(412, IM("\"b\"") INM("\"a\""));
	gives(304, IM("\"a\"") INM("\"a\""));
	gives(412, IUS(BEFORE) INM("\"a\""));
	gives(304, IUS(DATE) INM("\"a\""));
	gives(0, INM("\"b\"") IMS(DATE));
	gives(304, INM("\"a\"") IMS(BEFORE));
	gives(0, INM("") IMS(DATE));
	gives(412, IUS(BEFORE) IMS(DATE));
	gives(304, IUS("junk") IMS(DATE));
}

static void
test_if_range(void)
{
	counts(true, "");
	counts(true, IR("\"a\""));
	counts(false, IR("\"b\""));
	counts(false, IR("W/\"a\""));
	counts(false, IR("*"));
	counts(false, IR("a"));
	counts(false, IR(""));
	counts(false, IR("\"a\", \"b\""));
	counts(false, IR("\"a\"") IR("\"a\""));
	counts(true, IR(DATE));
	counts(true, IR("Sunday, 06-Nov-94 08:49:37 GMT"));
	counts(false, IR(AFTER));
	counts(false, IR(BEFORE));
	counts(false, IR("junk"));
	file.etag = STR("W/\"a\"");
	counts(false, IR("W/\"a\""));
	counts(false, IR("\"a\""));
	file.etag = STR("\"a\"");
	file.now = MODIFIED + 1;
	counts(false, IR(DATE));
	file.now = MODIFIED + 2;
	counts(true, IR(DATE));
	file.now = MODIFIED + 1000;
}

/* Anything may stand in these fields, and memory ends where they end. */
static void
test_random(void)
{
	static const char seed_text[] = "W/\"a\", \"b,c\" ,*, \"a\"";
	static const char *const fields[] = { "If-Match", "If-None-Match",
	    "If-Range", "If-Modified-Since" };
	unsigned known = 0, counted = 0;
	uint32_t seed = 3;

	for (int i = 0; i < 50000; i++) {
		char value[sizeof(seed_text)], line[128];
		const struct http_head *head;
		size_t n;

		memcpy(value, seed_text, sizeof(value));
		n = edge_mutate(&seed, value, sizeof(value) - 1);
		if (!http_is_field_value((struct str){ value, n }))
			continue;
		(void)snprintf(line, sizeof(line), "%s: %.*s\r\n",
		    fields[i % 4], (int)n, value);
		head = head_of(line);
		known += cond_status(head, &file) == 304;
		counted += cond_range(head, &file);
	}
	ok(known > 1000 && counted > 1000, "random fields are read to their "
	    "end: %u times 304", known);
}

int
main(void)
{
	test_if_match();
	test_if_none_match();
	test_dates();
	test_order();
	test_if_range();
	test_random();
	return done_testing();
}
