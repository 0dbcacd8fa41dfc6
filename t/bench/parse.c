/*
 * parse: how long the head of a browser's request takes to parse: 700 bytes,
 * 15 fields.
 *
 *	parse [ROUNDS]
 *
 * Prints the length of the head, the number of its fields, and the nanoseconds
 * of CPU time for one; the best of several rounds, for there is always somebody
 * else on the machine. Each head lies in another place, as they do in a server.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "worker/http/parse.h"

#define PLACES	64
#define HEADS	20000		/* of a round */

static const char head[] =
    "GET /images/products/2026/autumn/overview-large.webp?v=8f2c1a HTTP/1.1\r\n"
    "Host: www.example.org\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"120\", \"Not?A_Brand\";v=\"8\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
    "like Gecko) Chrome/120.0.0.0 Safari/537.36\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Accept: image/avif,image/webp,image/apng,image/*,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: no-cors\r\n"
    "Sec-Fetch-Dest: image\r\n"
    "Referer: https://www.example.org/products/\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=4f1c09e2b7d84f0fa1; theme=dark; consent=all; "
    "seen=171717\r\n"
    "If-None-Match: \"65f-18c2a\"\r\n"
    "\r\n";

static double
cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t
parse_all(char *const place[])
{
	static const struct http_parse_limits limits = { 16384, 100 };
	static struct http_head parsed;
	size_t fields = 0;

	for (int i = 0; i < HEADS; i++) {
		size_t scanned = 0, used;
		int status;

		if (http_parse(place[i % PLACES], sizeof(head) - 1, &limits,
		    &scanned, &parsed, &used, &status) != HTTP_PARSE_COMPLETE)
			errx(1, "the head is refused with %d", status);
		fields = parsed.nfields;
	}
	return fields;
}

int
main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 20;
	char *place[PLACES];
	double best = 1e18;
	size_t fields = 0;

	for (int i = 0; i < PLACES; i++)
		if ((place[i] = strdup(head)) == NULL)
			err(1, "memory");
	for (long i = 0; i < rounds; i++) {
		double before = cpu_ns(), took;

		fields = parse_all(place);
		took = (cpu_ns() - before) / HEADS;
		best = took < best ? took : best;
	}
	(void)printf("%zu %zu %.0f\n", sizeof(head) - 1, fields, best);
	return 0;
}
