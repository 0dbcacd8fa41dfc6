/*
 * fuzz: HTTP-dates. What is read can be written and read back; so can any
 * moment that can be written.
 */
#include <time.h>

#include "t/fuzz/fuzz.h"
#include "worker/http/date.h"

#define NOW	1772366400	/* 2026-03-01 12:00:00 */

static void
check_moment(time_t t)
{
	time_t back = 0;
	char text[29];

	if (!date_format(t, text))
		return;
	for (size_t i = 0; i < sizeof(text); i++)
		must(text[i] >= ' ' && text[i] <= 'z');
	must(date_parse((struct str){ edge_put(text, 29), 29 }, NOW, &back) &&
	    back == t);
}

static void
check_text(const char *p, size_t n, time_t now)
{
	const char *edge = edge_put(p, n);
	char text[29];
	time_t t = 0;

	if (!date_parse((struct str){ edge, n }, now, &t))
		return;
	must(n >= 24 && n <= 33);
	must(memchr(edge, '\0', n) == NULL);
	/* A leap second at the end of 9999 is the first of a year that cannot
	 * be written. */
	must(date_format(t, text) || t == 253402300800);
	check_moment(t);
}

void
fuzz(const char *p, size_t n)
{
	int64_t t = 0;

	check_text(p, n, NOW);
	check_text(p, n, 0);
	if (n < sizeof(t))
		return;
	memcpy(&t, p, sizeof(t));
	check_moment((time_t)t);
	check_moment((time_t)(t % 400000000000));
	check_text(p + sizeof(t), n - sizeof(t), (time_t)t);
}
