/*
 * The header block of a script's output: what is taken, what is refused, and
 * that no way of cutting it into portions changes either.
 */
#include <stdlib.h>

#include "t/unit/edge.h"
#include "t/unit/tap.h"
#include "worker/serve/cgi_output.h"

static struct cgi_output out;
static const char *why;

static enum cgi_output_result
parse(const char *p, size_t n)
{
	size_t scanned = 0;

	why = NULL;
	return cgi_output_parse(p, n, &scanned, &out, &why);
}

static enum cgi_output_result
parse_text(const char *text)
{
	return parse(text, strlen(text));
}

static enum cgi_output_result
parse_whole(const char *p, size_t n)
{
	size_t scanned = 0;

	why = NULL;
	return cgi_output_parse_whole(p, n, &scanned, &out, &why);
}

/* A block that is refused, NULs and all. */
struct bad {
	const char *text;
	size_t n;
	const char *what;
};

#define BAD(text, what)	{ text, sizeof(text) - 1, what }
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static void
all_refused(enum cgi_output_result (*by)(const char *, size_t),
    const struct bad *bad, size_t n)
{
	for (; n > 0; bad++, n--)
		ok(by(bad->text, bad->n) == CGI_OUTPUT_BAD && why != NULL,
		    "refused: %s (%s)", bad->what, why == NULL ? "-" : why);
}

static bool
is(struct str s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static void
test_good(void)
{
	const char *text = "Content-Type: text/plain\r\n"
	    "X-One:  a b \t\n"
	    "Set-Cookie: a=1\n"
	    "Set-Cookie: b=\xc3\xa4\n"
	    "\r\nbody\n\n";

	ok(parse_text(text) == CGI_OUTPUT_COMPLETE, "LF and CRLF together");
	ok(out.status == 0 && !out.has_length, "no status, no length");
	ok(is(out.type, "text/plain"), "the type");
	ok(out.location.n == 0, "no location");
	ok(out.nfields == 3 && is(out.field[0].name, "X-One") &&
	    is(out.field[0].value, "a b"), "a field, trimmed");
	ok(is(out.field[2].value, "b=\xc3\xa4"), "a repeated field, UTF-8");
	ok(strcmp(text + out.size, "body\n\n") == 0, "where the body starts");
	ok(parse_text("sTATUS: 404 No\x80 such\ncontent-length: 12\n\n") ==
	    CGI_OUTPUT_COMPLETE, "names in any case");
	ok(out.status == 404 && out.has_length && out.length == 12,
	    "status and length");
	ok(parse_text("Location: /x\n\n") == CGI_OUTPUT_COMPLETE &&
	    is(out.location, "/x") && out.type.n == 0, "a location alone");
	ok(parse_text("Status: 204\n\n") == CGI_OUTPUT_COMPLETE &&
	    out.status == 204, "a status alone, without a reason");
	ok(parse_text("X:\nStatus: 200\n\n") == CGI_OUTPUT_COMPLETE &&
	    out.nfields == 1 && out.field[0].value.n == 0, "an empty value");
}

static void
test_ours(void)
{
	ok(parse_text("Status: 200\nConnection: close\nKeep-Alive: x\n"
	    "transfer-encoding: chunked\nTE: x\nTrailer: x\nUpgrade: x\n"
	    "Proxy-Connection: x\nproxy-authenticate: x\nDate: x\n"
	    "SERVER: x\nX-Server: y\n\n") == CGI_OUTPUT_COMPLETE,
	    "fields that are ours are no mistake");
	ok(out.nfields == 1 && is(out.field[0].name, "X-Server"),
	    "but they are not passed on");
}

static void
test_bad(void)
{
	static const struct bad bad[] = {
		BAD("\n", "nothing but a blank line"),
		BAD("\r\nContent-Type: a\n\n", "a blank line first"),
		BAD("X-Only: 1\n\n", "none of the three fields"),
		BAD("Status: 200\nX: a\rb\n\n", "a CR in a value"),
		BAD("Status: 200\r\r\n\n", "a second CR at the end of a line"),
		BAD("Status: 200\nX: a\0b\n\n", "a NUL"),
		BAD("Status: 200\nX: a\x1b[2J\n\n", "a control byte"),
		BAD("Status: 200\nX: a\x7f\n\n", "DEL"),
		BAD("Status: 200\nX: a\n b\n\n", "a folded line"),
		BAD("Status: 200\n\tX: a\n\n", "a tab first"),
		BAD("Status: 200\nhello world\n\n", "no colon"),
		BAD("Status: 200\n: x\n\n", "no name"),
		BAD("Status : 200\n\n", "a space before the colon"),
		BAD("Status: 200\nX Y: x\n\n", "a space in a name"),
		BAD("Status: 200\nX\x80: x\n\n", "a name past ASCII"),
		BAD("HTTP/1.0 200 OK\nStatus: 200\n\n", "a status line"),
		BAD("Status: 99999\n\n", "five digits"),
		BAD("Status: 099\n\n", "below 200, with a zero"),
		BAD("Status: 101 x\n\n", "1xx"),
		BAD("Status: 600\n\n", "above 599"),
		BAD("Status: 20\n\n", "two digits"),
		BAD("Status:\n\n", "an empty status"),
		BAD("Status: OK\n\n", "a word"),
		BAD("Status: 200OK\n\n", "no space before the reason"),
		BAD("Status: -20\n\n", "a sign"),
		BAD("Status: 200\nStatus: 200\n\n", "two Status"),
		BAD("Content-Type: a\nContent-Type: a\n\n", "two types"),
		BAD("Content-Type:\n\n", "an empty type"),
		BAD("Location: /a\nLocation: /b\n\n", "two locations"),
		BAD("Status: 200\nContent-Length: 1\nContent-Length: 1\n\n",
		    "two lengths"),
		BAD("Status: 200\nContent-Length: 1x\n\n", "1x as a length"),
		BAD("Status: 200\nContent-Length: +1\n\n", "a sign in one"),
		BAD("Status: 200\nContent-Length: 1, 1\n\n", "a list of them"),
		BAD("Status: 200\nContent-Length:\n\n", "an empty one"),
		BAD("Status: 200\nContent-Length: 9223372036854775808\n\n",
		    "one that is too large"),
		BAD("Status: 200\nTransfer-Encoding : chunked\n\n",
		    "a field of ours with a blank in its name")
	};

	all_refused(parse, bad, LENGTH(bad));
}

static void
test_portions(void)
{
	static const char text[] = "Content-Type: text/html\r\nStatus: 201\n"
	    "X-A: 1\r\n\r\n";
	const size_t n = sizeof(text) - 1;
	size_t cut, scanned;
	bool early = false, wrong = false;
	char *edge;

	edge = edge_put(text, n);
	for (cut = 0; cut < n; cut++) {
		scanned = 0;
		if (cgi_output_parse(text, cut, &scanned, &out, &why) !=
		    CGI_OUTPUT_PARTIAL)
			early = true;
		if (cgi_output_parse(edge, n, &scanned, &out, &why) !=
		    CGI_OUTPUT_COMPLETE || out.size != n || out.status != 201 ||
		    out.nfields != 1)
			wrong = true;
	}
	ok(!early, "every shorter portion is partial");
	ok(!wrong, "cut anywhere, the result is the same");
	scanned = 0;
	for (cut = 0; cut < n; cut++)
		wrong |= cgi_output_parse(text, cut, &scanned, &out, &why) !=
		    CGI_OUTPUT_PARTIAL;
	ok(!wrong && cgi_output_parse(text, n, &scanned, &out, &why) ==
	    CGI_OUTPUT_COMPLETE, "byte by byte");
	for (cut = 0; cut <= n; cut++) {
		edge = edge_put(text, cut);
		wrong |= parse(edge, cut) != (cut < n ? CGI_OUTPUT_PARTIAL :
		    CGI_OUTPUT_COMPLETE);
	}
	ok(!wrong, "nothing behind the input is read");
}

/* A block of exactly n bytes. */
static char *
block_of(size_t n)
{
	static const char head[] = "Status: 200\nX: ";
	char *p;

	p = malloc(n);
	memset(p, 'a', n);
	memcpy(p, head, sizeof(head) - 1);
	memcpy(p + n - 2, "\n\n", 2);
	return p;
}

static void
test_limits(void)
{
	char *p, fields[2048];
	size_t n;
	int i;

	p = block_of(CGI_HEAD_MAX);
	ok(parse(p, CGI_HEAD_MAX) == CGI_OUTPUT_COMPLETE, "16384 bytes");
	p[CGI_HEAD_MAX - 1] = 'a';
	ok(parse(p, CGI_HEAD_MAX - 1) == CGI_OUTPUT_PARTIAL,
	    "16383 bytes without an end");
	ok(parse(p, CGI_HEAD_MAX) == CGI_OUTPUT_BAD, "16384 without one");
	free(p);
	p = block_of(CGI_HEAD_MAX + 1);
	ok(parse(p, CGI_HEAD_MAX + 1) == CGI_OUTPUT_BAD, "16385 bytes");
	free(p);
	n = (size_t)snprintf(fields, sizeof(fields), "Status: 200\n");
	for (i = 1; i < CGI_FIELDS_MAX; i++)
		n += (size_t)snprintf(fields + n, sizeof(fields) - n,
		    "X: %d\n", i);
	memcpy(fields + n, "\n", 2);
	ok(parse(fields, n + 1) == CGI_OUTPUT_COMPLETE &&
	    out.nfields == CGI_FIELDS_MAX - 1, "100 fields");
	memcpy(fields + n, "X:\n\n", 5);
	ok(parse(fields, n + 4) == CGI_OUTPUT_BAD, "101 fields");
}

static void
test_whole(void)
{
	static const char good[] = "HTTP/1.1 404 Gone \xc3\xa4\r\n"
	    "Content-Length: 7\r\nConnection: close\r\nX: 1\r\nX: 2\r\n\r\nb";
	static const struct bad bad[] = {
		BAD("\r\n", "nothing but a blank line"),
		BAD("Status: 200\r\n\r\n", "no status line"),
		BAD("HTTP/1.1 200\r\n\r\n", "no blank behind the status"),
		BAD("HTTP/1.1 200OK\r\n\r\n", "no blank before the reason"),
		BAD("HTTP/1.1 200 a\x1b\r\n\r\n", "a control byte"),
		BAD("HTTP/1.2 200 OK\r\n\r\n", "another version"),
		BAD("HTTP/2 200 OK  \r\n\r\n", "yet another"),
		BAD("http/1.1 200 OK\r\n\r\n", "in small letters"),
		BAD("HTTP/1.1 101 OK\r\n\r\n", "1xx"),
		BAD("HTTP/1.1 600 OK\r\n\r\n", "600"),
		BAD("HTTP/1.1 +20 OK\r\n\r\n", "a sign"),
		BAD("HTTP/1.1 200 OK\nX: 1\r\n\r\n", "LF after the status"),
		BAD("HTTP/1.1 200 OK\r\nX: 1\n\r\n", "LF after a field"),
		BAD("HTTP/1.1 200 OK\r\nX: 1\r\n\n", "LF as the last line"),
		BAD("HTTP/1.1 200 OK\r\n X: 1\r\n\r\n", "folding"),
		BAD("HTTP/1.1 200 OK\r\nX : 1\r\n\r\n", "X :"),
		BAD("HTTP/1.1 200 OK\r\nX: \r1\r\n\r\n", "a CR"),
		BAD("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "content-length: 1\r\n\r\n", "two lengths"),
		BAD("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "transfer-encoding: chunked\r\n\r\n", "two framings"),
	};
	const size_t n = sizeof(good) - 1;
	size_t i;

	ok(parse_whole(good, n) == CGI_OUTPUT_COMPLETE && out.status == 404 &&
	    out.has_length && out.length == 7 && out.size == n - 1,
	    "a whole head");
	for (i = 0; i < n - 1; i++) {
		if (parse_whole(edge_put(good, i), i) != CGI_OUTPUT_PARTIAL)
			break;
	}
	ok(i == n - 1, "every shorter portion is partial (%zu)", i);
	all_refused(parse_whole, bad, LENGTH(bad));
}

static void
test_whole_limits(void)
{
	static char text[2 * CGI_HEAD_MAX];
	size_t n;
	int i;

	n = (size_t)snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < CGI_FIELDS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "X: %d\r\n", i);
	memcpy(text + n, "\r\n", 2);
	ok(parse_whole(text, n + 2) == CGI_OUTPUT_COMPLETE, "100 fields");
	memcpy(text + n, "X:\r\n\r\n", 6);
	ok(parse_whole(text, n + 6) == CGI_OUTPUT_BAD, "101 fields");
	memset(text + n, 'x', sizeof(text) - n);
	ok(parse_whole(text, CGI_HEAD_MAX) == CGI_OUTPUT_BAD, "16384 bytes "
	    "without an end");
}

int
main(void)
{
	test_good();
	test_ours();
	test_bad();
	test_portions();
	test_limits();
	test_whole();
	test_whole_limits();
	return done_testing();
}
