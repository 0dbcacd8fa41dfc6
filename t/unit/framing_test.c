/*
 * Where a body ends and whether a connection persists; what is in doubt.
 */
#include "worker/http/framing.h"
#include "worker/http/parse.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

static const struct http_parse_limits limits = { 16384, 100 };
static struct http_framing framing;

/* The verdict on a head with these field lines; -1 when it is no head. */
static int
frame(const char *version, const char *fields)
{
	static struct http_head head;
	static char text[32768];
	size_t scanned = 0, used;
	int status = 0, n;

	n = snprintf(text, sizeof(text), "POST / HTTP/%s\r\nHost: a\r\n%s\r\n",
	    version, fields);
	if (http_parse(edge_put(text, (size_t)n), (size_t)n, &limits, &scanned,
	    &head, &used, &status) != HTTP_PARSE_COMPLETE)
		return -1;
	return http_framing(&head, &framing);
}

#define CL	"Content-Length: "
#define TE	"Transfer-Encoding: "
static const struct {
	const char *version;
	const char *fields;
	int status;
} refused[] = {
	/* Both, and the coding where there is none. */
	{ "1.1", CL "5\r\n" TE "chunked\r\n", 400 },
	{ "1.1", TE "chunked\r\n" CL "5\r\n", 400 },
	{ "1.1", TE "unknown\r\n" CL "5\r\n", 400 },
	{ "1.0", TE "chunked\r\n", 400 },
	{ "1.0", TE "unknown\r\n", 400 },
	/* Content-Length */
	{ "1.1", CL "5\r\n" CL "5\r\n", 400 },
	{ "1.1", CL "5\r\n" CL "6\r\n", 400 },
	{ "1.0", CL "5\r\n" CL "5\r\n", 400 },
	{ "1.1", CL "5, 5\r\n", 400 },
	{ "1.1", CL "5,\r\n", 400 },
	{ "1.1", CL "+5\r\n", 400 },
	{ "1.1", CL "-5\r\n", 400 },
	{ "1.1", CL "0x5\r\n", 400 },
	{ "1.1", CL "5 6\r\n", 400 },
	{ "1.1", CL "\r\n", 400 },
	{ "1.1", CL "05\r\n", 400 },
	{ "1.1", CL "00\r\n", 400 },
	{ "1.1", CL "00000000000000000000000000005\r\n", 400 },
	{ "1.1", CL "18446744073709551621\r\n", 400 },
	{ "1.1", CL "9223372036854775808\r\n", 400 },
	{ "1.1", CL "99999999999999999999999999999999999999\r\n", 400 },
	{ "1.1", CL "5.0\r\n", 400 },
	{ "1.1", CL "\"5\"\r\n", 400 },
	{ "1.1", CL "five\r\n", 400 },
	/* Transfer-Encoding */
	{ "1.1", TE "xchunked\r\n", 501 },
	{ "1.1", TE "chunkedx\r\n", 501 },
	{ "1.1", TE "identity\r\n", 501 },
	{ "1.1", TE "gzip\r\n", 501 },
	{ "1.1", TE "gzip, chunked\r\n", 501 },
	{ "1.1", TE "gzip\r\n" TE "chunked\r\n", 501 },
	{ "1.1", TE "a;b=c\r\n", 501 },
	{ "1.1", TE "a ; b = \"c, \\\" d\" ;e=f , chunked\r\n", 501 },
	{ "1.1", TE "chunked, identity\r\n", 400 },
	{ "1.1", TE "chunked, gzip\r\n", 400 },
	{ "1.1", TE "chunked, chunked\r\n", 400 },
	{ "1.1", TE "gzip, chunked, chunked\r\n", 400 },
	{ "1.1", TE "chunked\r\n" TE "chunked\r\n", 400 },
	{ "1.1", TE "chunked\r\n" TE "identity\r\n", 400 },
	{ "1.1", TE "\r\n", 400 },
	{ "1.1", TE "chunked\r\n" TE "\r\n", 400 },
	{ "1.1", TE ",chunked\r\n", 400 },
	{ "1.1", TE "chunked,\r\n", 400 },
	{ "1.1", TE "gzip,,chunked\r\n", 400 },
	{ "1.1", TE "\"chunked\"\r\n", 400 },
	{ "1.1", TE "chunked;a=b\r\n", 400 },
	{ "1.1", TE "chunked;\r\n", 400 },
	{ "1.1", TE "chunked x\r\n", 400 },
	{ "1.1", TE "a;b\r\n", 400 },
	{ "1.1", TE "a;b=\r\n", 400 },
	{ "1.1", TE "a;b=\"c\r\n", 400 },
	{ "1.1", TE "a;b=\"c\\\r\n", 400 },
	{ "1.1", TE "a;=c\r\n", 400 },
	{ "1.1", TE "{chunked}\r\n", 400 },
	{ "1.1", TE "\x80" "chunked\r\n", 400 },
	/* Connection */
	{ "1.1", "Connection: a b\r\n", 400 },
	{ "1.1", "Connection: close;x\r\n", 400 },
	{ "1.1", "Connection: \"close\"\r\n", 400 },
	{ "1.1", "Connection: close, @\r\n", 400 },
	{ "1.1", "Connection: close\r\nConnection: a/b\r\n", 400 },
	{ "1.0", "Connection: (\r\n", 400 },
	/* Expect */
	{ "1.1", "Expect: 200-ok\r\n", 417 },
	{ "1.1", "Expect: \r\n", 417 },
	{ "1.1", "Expect: 100-continue, x\r\n", 417 },
	{ "1.1", "Expect: 100-continue;a\r\n", 417 },
	{ "1.1", "Expect: 100-continue\r\nExpect: x\r\n", 417 },
	{ "1.1", "Expect: x\r\n" CL "+1\r\n", 400 },
};

static void
test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int status = frame(refused[i].version, refused[i].fields);

		ok(status == refused[i].status, "doubt %zu: %d for %d", i,
		    status, refused[i].status);
	}
	ok(frame("1.1", TE "\x0b" "chunked\r\n") == -1 &&
	    frame("1.1", TE "\x0c" "chunked\r\n") == -1,
	    "VT and FF do not even make a head");
}

static void
test_body(void)
{
	ok(frame("1.1", "") == 0 && !framing.chunked && !framing.has_length &&
	    framing.length == 0, "no body");
	ok(frame("1.1", CL "5\r\n") == 0 && framing.has_length &&
	    framing.length == 5 && !framing.chunked, "five bytes");
	ok(frame("1.0", CL " \t5\t \r\n") == 0 && framing.length == 5,
	    "blanks around the number");
	ok(frame("1.1", CL "0\r\n") == 0 && framing.has_length &&
	    framing.length == 0, "none, and it says so");
	ok(frame("1.1", CL "9223372036854775807\r\n") == 0 &&
	    framing.length == INT64_MAX, "as many as can be");
	ok(frame("1.1", TE "chunked\r\n") == 0 && framing.chunked &&
	    !framing.has_length, "chunked");
	ok(frame("1.1", TE " CHUNKed\t\r\n") == 0 && framing.chunked,
	    "chunked in another case");
	ok(frame("1.5", TE "chunked\r\n") == 0 && framing.chunked,
	    "chunked in HTTP/1.5");
}

static void
test_connection(void)
{
	ok(frame("1.1", "") == 0 && framing.keepalive && !framing.close_named,
	    "1.1 persists");
	ok(frame("1.0", "") == 0 && !framing.keepalive && !framing.close_named,
	    "1.0 does not");
	ok(frame("1.9", "") == 0 && framing.keepalive, "1.9 does");
	ok(frame("1.0", "Connection: Keep-Alive\r\n") == 0 &&
	    framing.keepalive, "1.0 with keep-alive does");
	ok(frame("1.1", "Connection: Close\r\n") == 0 && !framing.keepalive &&
	    framing.close_named, "1.1 with close does not");
	ok(frame("1.1", "Connection: keep-alive, ,close,\r\n") == 0 &&
	    !framing.keepalive && framing.close_named, "close wins");
	ok(frame("1.0", "Connection: x\r\nA: b\r\nConnection: keep-alive\r\n")
	    == 0 && framing.keepalive, "the second of two lines counts");
	ok(frame("1.1", "Connection: \r\n") == 0 && framing.keepalive &&
	    frame("1.1", "Connection: ,,,\r\n") == 0 && framing.keepalive,
	    "an empty list says nothing");
	ok(frame("1.1", "Connection: keep-alive, Upgrade, HTTP2-Settings\r\n")
	    == 0 && framing.keepalive, "other options");
	ok(frame("1.1", "Connection: closed\r\n") == 0 && framing.keepalive,
	    "closed is not close");
}

static void
test_expect(void)
{
	const char *both = "Expect: 100-Continue\r\n" CL "5\r\n";

	ok(frame("1.1", both) == 0 && framing.expect_continue,
	    "100-continue in any case");
	ok(frame("1.1", "Expect: 100-continue\r\n" TE "chunked\r\n") == 0 &&
	    framing.expect_continue, "100-continue before chunks");
	ok(frame("1.0", both) == 0 && !framing.expect_continue,
	    "not in HTTP/1.0");
	ok(frame("1.0", "Expect: x\r\n") == 0, "nor anything else there");
	ok(frame("1.1", "Expect: 100-continue\r\n") == 0 &&
	    !framing.expect_continue, "not without a body");
	ok(frame("1.1", "Expect: 100-continue\r\n" CL "0\r\n") == 0 &&
	    !framing.expect_continue, "nor with an empty one");
}

static void
test_mutations(void)
{
	static const char *const from[] = { CL "1234567\r\n",
	    TE "gzip;a=\"b,c\", chunked\r\n", TE "chunked\r\n",
	    "Connection: keep-alive, close\r\n" CL "5\r\n",
	    "Expect: 100-continue\r\n" TE "chunked\r\n" };
	unsigned wrong = 0, fine = 0;
	uint32_t seed = 7;
	char text[128];

	for (unsigned i = 0; i < 20000; i++) {
		const char *s = from[edge_random(&seed) % 5];
		size_t n = edge_mutate(&seed, strcpy(text, s), strlen(s));
		int status;

		memcpy(text + n, "\r\n", 3);
		status = frame("1.1", text);
		fine += status == 0;
		wrong += status != 0 && status != -1 && status != 400 &&
		    status != 417 && status != 501;
		wrong += status == 0 && framing.chunked && framing.has_length;
		wrong += status == 0 && framing.keepalive &&
		    framing.close_named;
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(fine > 1000 && fine < 19000, "%u of them fine", fine);
}

int
main(void)
{
	test_refused();
	test_body();
	test_connection();
	test_expect();
	test_mutations();
	return done_testing();
}
