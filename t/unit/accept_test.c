/*
 * Accept-Encoding: q-values, "*", identity and junk.
 */
#include "t/unit/head_of.h"
#include "t/unit/tap.h"
#include "worker/http/accept.h"

static void
gives(const char *lines, unsigned br, unsigned gzip, unsigned identity)
{
	struct http_accept a;

	http_accept_encoding(head_of(lines), &a);
	if (!ok(a.br == br && a.gzip == gzip && a.identity == identity,
	    "%.*s", (int)strcspn(lines, "\r"), lines))
		printf("# br %u, gzip %u, identity %u\n", a.br, a.gzip,
		    a.identity);
}

#define FIELD(value)	"Accept-Encoding: " value "\r\n"

int
main(void)
{
	gives("", 0, 0, 1);
	gives(FIELD(""), 0, 0, 1);
	gives(FIELD("gzip"), 0, 1000, 1);
	gives(FIELD("x-gzip"), 0, 1000, 1);
	gives(FIELD("gzip, deflate, br, zstd"), 1000, 1000, 1);
	gives(FIELD("GZip, BR"), 1000, 1000, 1);
	gives(FIELD("br;q=1.0, gzip;q=0.8, *;q=0.1"), 1000, 800, 100);
	gives(FIELD("br ; q=0.5 ,gzip\t;\tQ=0.125"), 500, 125, 1);
	gives(FIELD("gzip;q=0"), 0, 0, 1);
	gives(FIELD("gzip;q=0.000"), 0, 0, 1);
	gives(FIELD("gzip;q=1.000"), 0, 1000, 1);
	gives(FIELD("gzip;q=0.001"), 0, 1, 1);
	gives(FIELD("*"), 1000, 1000, 1000);
	gives(FIELD("*;q=0"), 0, 0, 0);
	gives(FIELD("*;q=0.5, gzip;q=0.3"), 500, 300, 500);
	gives(FIELD("identity"), 0, 0, 1000);
	gives(FIELD("identity;q=0, gzip"), 0, 1000, 0);
	gives(FIELD("identity;q=0"), 0, 0, 0);
	gives(FIELD("gzip;q=0, gzip"), 0, 0, 1);
	gives(FIELD("br") FIELD("gzip;q=0.5"), 1000, 500, 1);
	gives(FIELD("br") "X: y\r\n" FIELD("gzip"), 1000, 1000, 1);
	/* Junk is skipped, what is beside it counts. */
	gives(FIELD("gzip;q=2, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=1.001, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=0.1234, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=.5, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=-1, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=0,5, br"), 1000, 0, 1);
	gives(FIELD("gzip;, br"), 1000, 0, 1);
	gives(FIELD("gzip;x=1, br"), 1000, 0, 1);
	gives(FIELD("gzip;q=1;q=0, br"), 1000, 0, 1);
	gives(FIELD("gzip deflate"), 0, 0, 1);
	gives(FIELD("\"gzip\""), 0, 0, 1);
	gives(FIELD("gzipped, brotli"), 0, 0, 1);
	gives(FIELD(";q=1,,, ;"), 0, 0, 1);
	return done_testing();
}
