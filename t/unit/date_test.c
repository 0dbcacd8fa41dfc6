/*
 * HTTP-dates, checked with the C library's calendar where that reaches.
 */
#include "worker/http/date.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

#define SAMPLE	784111777	/* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW	1772366400	/* 2026-03-01 12:00:00 */

static time_t got;

static bool
parse_n(const char *text, size_t n, time_t now)
{
	got = -1;
	return date_parse((struct str){ edge_put(text, n), n }, now, &got);
}

static bool
parse(const char *text)
{
	return parse_n(text, strlen(text), NOW);
}

static bool
formats(time_t t, const char *text)
{
	char s[29];

	return date_format(t, s) && memcmp(s, text, 29) == 0;
}

static void
test_format(void)
{
	static const char no[29] = "untouched";
	char s[29] = "untouched";

	ok(formats(SAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT"), "the RFC's date");
	ok(formats(0, "Thu, 01 Jan 1970 00:00:00 GMT"), "0");
	ok(formats(-1, "Wed, 31 Dec 1969 23:59:59 GMT"), "-1");
	ok(formats(951782400, "Tue, 29 Feb 2000 00:00:00 GMT"), "a leap day");
	ok(formats(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT") &&
	    formats(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"),
	    "none in 2100");
	ok(formats(-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"),
	    "the first second");
	ok(formats(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"),
	    "the last second");
	ok(!date_format(-62135596801, s) && !date_format(253402300800, s) &&
	    !date_format(INT64_MAX, s) && !date_format(INT64_MIN, s) &&
	    memcmp(s, no, 29) == 0, "neither before nor after");
}

static void
test_three_formats(void)
{
	ok(parse("Sun, 06 Nov 1994 08:49:37 GMT") && got == SAMPLE, "IMF");
	ok(parse("Sunday, 06-Nov-94 08:49:37 GMT") && got == SAMPLE, "850");
	ok(parse("Sun Nov  6 08:49:37 1994") && got == SAMPLE, "asctime");
	ok(parse("Wed Nov 16 08:49:37 1994") && got == SAMPLE + 10 * 86400,
	    "asctime with two digits");
	ok(parse("Wednesday, 16-Nov-94 08:49:37 GMT") &&
	    got == SAMPLE + 10 * 86400, "850 with the longest day");
	ok(parse("Mon, 06 Nov 1994 08:49:37 GMT") && got == SAMPLE,
	    "the day's name is not checked against the date");
	ok(parse("Sat, 31 Dec 2016 23:59:60 GMT") && got == 1483228800,
	    "a leap second");
	ok(parse("Fri, 31 Dec 9999 23:59:59 GMT") && got == 253402300799,
	    "the last second");
	ok(parse("Mon, 01 Jan 0001 00:00:00 GMT") && got == -62135596800,
	    "the first second");
	ok(parse("Thu, 29 Feb 2024 00:00:00 GMT") &&
	    parse("Tue, 29 Feb 2000 00:00:00 GMT"), "leap days");
}

static void
test_century(void)
{
	ok(parse("Friday, 28-Feb-76 12:00:00 GMT") &&
	    formats(got, "Fri, 28 Feb 2076 12:00:00 GMT"),
	    "nearly 50 years ahead");
	ok(parse("Tuesday, 03-Mar-76 12:00:00 GMT") &&
	    formats(got, "Wed, 03 Mar 1976 12:00:00 GMT"),
	    "more than 50 years ahead is the past");
	ok(parse("Monday, 01-Jan-00 00:00:00 GMT") && got == 946684800,
	    "2000");
	ok(parse("Friday, 31-Dec-99 23:59:59 GMT") && got == 946684799,
	    "1999");
	ok(parse_n("Friday, 01-Jan-10 00:00:00 GMT", 30, 3944678400) &&
	    formats(got, "Wed, 01 Jan 2110 00:00:00 GMT"),
	    "in 2095, 10 is in the next century");
	ok(parse_n("Sunday, 06-Nov-94 08:49:37 GMT", 30, 0) && got == SAMPLE,
	    "a clock that was never set");
	ok(parse_n("Sunday, 06-Nov-94 08:49:37 GMT", 30, INT64_MAX) &&
	    formats(got, "Sun, 06 Nov 9994 08:49:37 GMT") &&
	    !parse_n("Sunday, 06-Nov-00 08:49:37 GMT", 30, INT64_MIN),
	    "clocks that are far off");
	ok(parse("Tuesday, 29-Feb-00 00:00:00 GMT") &&
	    !parse("Tuesday, 29-Feb-01 00:00:00 GMT"),
	    "leap days in short years");
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", " ", "0", "784111777",
	    "Sun, 06 Nov 1994 08:49:37 GM", "Sun, 06 Nov 1994 08:49:37 GMTx",
	    "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 gmt",
	    "Sun, 06 Nov 1994 08:49:37 +00", "sun, 06 Nov 1994 08:49:37 GMT",
	    "SUN, 06 Nov 1994 08:49:37 GMT", "Sxn, 06 Nov 1994 08:49:37 GMT",
	    "unM, 06 Nov 1994 08:49:37 GMT", "Sun  06 Nov 1994 08:49:37 GMT",
	    "Sun,006 Nov 1994 08:49:37 GMT", "Sun, 6  Nov 1994 08:49:37 GMT",
	    "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
	    "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 NOV 1994 08:49:37 GMT",
	    "Sun, 06 ovD 1994 08:49:37 GMT", "Sun, 06 Nov  994 08:49:37 GMT",
	    "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 1994T08:49:37 GMT",
	    "Sun, 06 Nov 1994 08-49:37 GMT", "Sun, 06 Nov 1994 08:49.37 GMT",
	    "Sun, 06 Nov 1994  8:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT",
	    /* ranges */
	    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
	    "Sun, 32 Dec 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT",
	    "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 30 Feb 2024 08:49:37 GMT",
	    "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
	    "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
	    /* RFC 850 */
	    "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT",
	    "Sunday, 06-Nov-1994 08:49:37 GMT",
	    "Sunday, 06-Nov-94 08:49:37 UTC", "Sunday 06-Nov-94 08:49:37 GMT ",
	    "sunday, 06-Nov-94 08:49:37 GMT", "Sundax, 06-Nov-94 08:49:37 GMT",
	    "Sunday, 6-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 25:49:37 GMT",
	    "Sunday, 06-Nov-x4 08:49:37 GMT", "Sunday, 31-Jun-94 08:49:37 GMT",
	    /* asctime */
	    "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 ",
	    "Sun Nov x6 08:49:37 1994", "Sun Nov  0 08:49:37 1994",
	    "Sun Nov 31 08:49:37 1994", "Sun Nox  6 08:49:37 1994",
	    "Sxn Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37 199x",
	    "Sun,Nov  6 08:49:37 1994", "Sun Nov  6 08:49:37  994" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!parse(bad[i]) && got == -1, "no date: \"%s\"", bad[i]);
}

/* There and back, for moments of all the years. */
static void
test_calendar(void)
{
	unsigned wrong = 0;
	uint32_t seed = 5;
	char s[29], want[64];
	struct tm tm;

	for (unsigned i = 0; i < 50000; i++) {
		time_t t = (time_t)(((uint64_t)edge_random(&seed) << 32 |
		    edge_random(&seed)) % 315537897600u) - 62135596800;

		gmtime_r(&t, &tm);
		snprintf(want, sizeof(want),
		    "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		    &"SunMonTueWedThuFriSat"[3 * tm.tm_wday], tm.tm_mday,
		    &"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * tm.tm_mon],
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
		wrong += !date_format(t, s) || memcmp(s, want, 29) != 0;
		wrong += !parse_n(s, 29, NOW) || got != t;
	}
	ok(wrong == 0, "50000 moments: %u wrong", wrong);
}

static void
test_mutations(void)
{
	static const char *const from[] = { "Sun, 06 Nov 1994 08:49:37 GMT",
	    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994" };
	unsigned wrong = 0, fine = 0;
	uint32_t seed = 13;
	char text[64], s[29];

	for (unsigned i = 0; i < 20000; i++) {
		const char *t = from[edge_random(&seed) % 3];
		size_t n = edge_mutate(&seed, strcpy(text, t), strlen(t));

		if (!parse_n(text, n, NOW))
			continue;
		fine++;
		wrong += !date_format(got, s);
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(fine > 100, "%u of them dates", fine);
}

int
main(void)
{
	test_format();
	test_three_formats();
	test_century();
	test_refused();
	test_calendar();
	test_mutations();
	return done_testing();
}
