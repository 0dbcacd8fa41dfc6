/*
 * Heads of requests: what is taken, what is refused and how early, however the
 * bytes arrive.
 */
#include "worker/http/parse.h"

#include <time.h>

#include "common/conf_schema.h"
#include "t/unit/edge.h"
#include "t/unit/tap.h"

static const struct http_parse_limits limits = { 16384, 100 };
static struct http_head head;
static size_t used;
static int status;
/* The bytes at which parse_slowly had its answer. */
static size_t answered_at;

static const char *
name(enum http_parse_result r)
{
	static const char *const names[] = { "none", "partial", "complete",
	    "bad" };

	return names[r];
}

static enum http_parse_result
parse(const char *p, size_t n)
{
	size_t scanned = 0;

	used = 0;
	status = 0;
	return http_parse(edge_put(p, n), n, &limits, &scanned, &head, &used,
	    &status);
}

/* In steps of so many bytes. The bytes move between two calls. */
static enum http_parse_result
parse_slowly(const char *p, size_t n, size_t step)
{
	enum http_parse_result r = HTTP_PARSE_PARTIAL;
	size_t scanned = 0, have = 0;

	used = 0;
	status = 0;
	while (r == HTTP_PARSE_PARTIAL && have < n) {
		have = n - have < step ? n : have + step;
		r = http_parse(edge_put(p, have), have, &limits, &scanned,
		    &head, &used, &status);
	}
	answered_at = have;
	return r;
}

static bool
is(struct str s, const char *text)
{
	return str_eq(s, str_from(text));
}

static const char chrome[] =
    "GET /a/b.html?x=1&y=%20 HTTP/1.1\r\n"
    "Host: www.example.org:8080\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Chromium\";v=\"122\", \"Not(A:Brand\";v=\"24\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,"
    "image/avif,image/webp,image/apng,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: none\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: a=b; c=d\r\n\r\n";

static const char *const good[] = {
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET / HTTP/1.0\r\n\r\n",
	"GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1:8080\r\n"
	    "User-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\n"
	    "Accept: */*\r\n\r\n",
	"POST /c HTTP/1.1\r\nHost:a\r\nContent-Length:\t 5 \t\r\n"
	    "X-Empty:\r\nX-Blank: \t \r\nX-Eight: \x80\xff\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHOST: a\r\n!#$%&'*+-.^_`|~09az: v\r\n\r\n",
	"GET http://u/?a|b\"<>^`{}[] HTTP/1.9\r\nHost: a\r\n\r\n",
	"abcdefghijklmnopqrstuvwxyz012345 / HTTP/1.1\r\nA: b\r\n\r\n",
	chrome,
};

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i]), scanned;
		bool whole, slow, split = true, more;

		whole = parse(good[i], n) == HTTP_PARSE_COMPLETE && used == n;
		slow = parse_slowly(good[i], n, 1) == HTTP_PARSE_COMPLETE &&
		    used == n && answered_at == n;
		for (size_t at = 0; at < n; at++) {
			scanned = 0;
			more = http_parse(edge_put(good[i], at), at, &limits,
			    &scanned, &head, &used, &status) ==
			    HTTP_PARSE_PARTIAL;
			split = split && more && http_parse(edge_put(good[i],
			    n), n, &limits, &scanned, &head, &used, &status) ==
			    HTTP_PARSE_COMPLETE && used == n && scanned == 0;
		}
		ok(whole, "good head %zu whole", i);
		ok(slow, "good head %zu byte by byte", i);
		ok(split, "good head %zu split everywhere", i);
	}
}

static void
test_slices(void)
{
	char two[2 * sizeof(chrome)];
	size_t n = sizeof(chrome) - 1;

	ok(parse(good[6], strlen(good[6])) == HTTP_PARSE_COMPLETE, "slices");
	ok(head.method == HTTP_POST && is(head.method_name, "POST"), "method");
	ok(is(head.target, "/c"), "target");
	ok(head.version_minor == 1, "version");
	ok(head.nfields == 5, "five fields");
	ok(is(head.field[0].name, "Host") && is(head.field[0].value, "a"),
	    "no blank before a value");
	ok(is(http_field_value(&head, FIELD_CONTENT_LENGTH), "5"),
	    "blanks around a value are not part of it");
	ok(is(head.field[2].value, "") && is(head.field[3].value, ""),
	    "empty values");
	ok(is(head.field[4].value, "\x80\xff"), "obs-text in a value");
	ok(parse(good[8], strlen(good[8])) == HTTP_PARSE_COMPLETE &&
	    head.version_minor == 9, "HTTP/1.9");
	ok(parse(good[9], strlen(good[9])) == HTTP_PARSE_COMPLETE &&
	    head.method == HTTP_METHOD_OTHER && head.method_name.n == 32,
	    "an unknown method of 32 bytes");

	ok(parse(chrome, n) == HTTP_PARSE_COMPLETE && head.nfields == 16,
	    "a browser's head");
	ok(is(head.target, "/a/b.html?x=1&y=%20"), "its target");
	ok(is(http_field_value(&head, FIELD_COOKIE), "a=b; c=d"), "its Cookie");
	ok(is(http_field_value(&head, FIELD_ACCEPT_ENCODING),
	    "gzip, deflate, br, zstd"), "its Accept-Encoding");
	memcpy(two, chrome, n);
	memcpy(two + n, chrome, n);
	ok(parse(two, 2 * n) == HTTP_PARSE_COMPLETE && used == n,
	    "the next request is left alone");
}

static void
test_methods(void)
{
	static const struct {
		const char *text;
		enum http_method method;
	} methods[] = {
		{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD },
		{ "POST", HTTP_POST }, { "PUT", HTTP_PUT },
		{ "DELETE", HTTP_DELETE }, { "PATCH", HTTP_PATCH },
		{ "OPTIONS", HTTP_OPTIONS }, { "CONNECT", HTTP_CONNECT },
		{ "TRACE", HTTP_TRACE }, { "get", HTTP_METHOD_OTHER },
		{ "GETS", HTTP_METHOD_OTHER }, { "GE", HTTP_METHOD_OTHER },
		{ "PROPFIND", HTTP_METHOD_OTHER },
	};
	char text[128];

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		int n = snprintf(text, sizeof(text),
		    "%s / HTTP/1.1\r\nHost: a\r\n\r\n", methods[i].text);

		ok(parse(text, (size_t)n) == HTTP_PARSE_COMPLETE &&
		    head.method == methods[i].method, "method %s",
		    methods[i].text);
	}
}

#define H	"GET / HTTP/1.1\r\nHost: a\r\n"
#define BAD(status, text)	{ text, sizeof(text) - 1, status }
/* Each is refused with its last byte when it comes at once. */
static const struct {
	const char *text;
	size_t n;
	int status;
} refused[] = {
	BAD(400, "\r\n\r\n"), BAD(400, "\r\n\r"), BAD(400, "\n"),
	BAD(400, "\rG"), BAD(400, " "), BAD(400, "\t"), BAD(400, "\r\n "),
	BAD(400, "\x16\x03\x01"), BAD(400, "\0"), BAD(400, "G\0"),
	BAD(400, "GET\n"), BAD(400, "GET\r"), BAD(400, "GET\t"),
	BAD(400, "G@"), BAD(400, "\x80"),
	BAD(400, "GET  "), BAD(400, "GET /\t"), BAD(400, "GET /  "),
	BAD(400, "GET /x\r"), BAD(400, "GET /x\n"), BAD(400, "GET / \r"),
	BAD(400, "GET /#"), BAD(400, "GET /\\"), BAD(400, "GET /\x80"),
	BAD(400, "GET /\xff"), BAD(400, "GET /\0"), BAD(400, "GET /\x7f"),
	BAD(400, "GET /\x1b"),
	BAD(400, "GET / h"), BAD(400, "GET / HTTP/1.1 "),
	BAD(400, "GET / HTTP/1.1\n"), BAD(400, "GET / HTTP/1.1\rX"),
	BAD(400, "GET / HTTP/11"), BAD(400, "GET / HTTP/1.10"),
	BAD(400, "GET / HTTP/1\r"), BAD(400, "GET / HTTP/a"),
	BAD(400, "GET / HTTP/1.a"), BAD(400, "GET / HTTP/1.1\t"),
	BAD(400, "GET / HTTPS"), BAD(400, "GET / x"),
	BAD(505, "GET / HTTP/2.0\r\n"), BAD(505, "PRI * HTTP/2.0\r\n"),
	BAD(505, "GET / HTTP/0.9\r\n"), BAD(505, "GET / HTTP/3.1\r\n"),
	BAD(400, H " "), BAD(400, H "\t"), BAD(400, H ":"),
	BAD(400, "GET / HTTP/1.1\r\n "), BAD(400, "GET / HTTP/1.1\r\n\rX"),
	BAD(400, H "\n"), BAD(400, H "\rX"), BAD(400, H "\0"),
	BAD(400, H "\x80"), BAD(400, H "("),
	BAD(400, H "A "), BAD(400, H "A\t"), BAD(400, H "nocolon\r"),
	BAD(400, H "A("), BAD(400, H "A\""), BAD(400, H "A/"),
	BAD(400, H "A["), BAD(400, H "A\x80"), BAD(400, H "A\n"),
	BAD(400, H "A: b\n"), BAD(400, H "A: b\rc"), BAD(400, H "A: b\r\r"),
	BAD(400, H "A: b\0"), BAD(400, H "A: b\x0b"), BAD(400, H "A: b\x0c"),
	BAD(400, H "A: b\x1b"), BAD(400, H "A: b\x7f"), BAD(400, H "A:\n"),
	BAD(400, H "A:\x01"), BAD(400, H "A: 12345678\x01"),
	BAD(400, H "A: \t12345678\x1f"), BAD(400, H "A: b\r\n c"),
	BAD(400, H "GET "),
	BAD(400, "abcdefghijklmnopqrstuvwxyz0123456"),
};

static void
test_refused(void)
{
	static const size_t steps[] = { 1, 2, 3, 7 };
	char text[256];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		size_t n = refused[i].n, good_steps = 0;
		enum http_parse_result r = parse(refused[i].text, n);

		ok(r == HTTP_PARSE_BAD && status == refused[i].status,
		    "bad head %zu: %s %d", i, name(r), status);
		/* In pieces a line's form may be judged only at its end. */
		memcpy(text, refused[i].text, n);
		memcpy(text + n, "\r\n\r\n", 4);
		for (size_t k = 0; k < 4; k++) {
			r = parse_slowly(text, n + 4, steps[k]);
			good_steps += r == HTTP_PARSE_BAD &&
			    status == refused[i].status;
		}
		ok(good_steps == 4, "bad head %zu in pieces", i);
	}
}

/* All 256 bytes between before and after: complete just for those in good. */
static void
test_bytes(const char *where, const char *before, const char *after,
    bool (*good_byte)(int))
{
	unsigned wrong = 0, late = 0;
	char text[128];
	size_t n = strlen(before);

	for (int c = 0; c < 256; c++) {
		bool complete;

		memcpy(text, before, n);
		text[n] = (char)c;
		memcpy(text + n + 1, after, strlen(after));
		complete = parse(text, n + 1 + strlen(after)) ==
		    HTTP_PARSE_COMPLETE;
		wrong += complete != good_byte(c);
		complete = parse_slowly(text, n + 1 + strlen(after), 1) ==
		    HTTP_PARSE_COMPLETE;
		wrong += complete != good_byte(c);
		if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
			late += answered_at != n + 1;
	}
	ok(wrong == 0, "all 256 bytes in a %s: %u wrong", where, wrong);
	ok(late == 0, "control bytes in a %s are refused at once", where);
}

static bool
in_token(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') ||
	    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A colon ends a name, and the rest is a value. */
static bool
in_name(int c)
{
	return in_token(c) || c == ':';
}

static bool
in_target(int c)
{
	return c > ' ' && c < 0x7f && c != '#' && c != '\\';
}

static bool
in_value(int c)
{
	return c == '\t' || (c >= ' ' && c != 0x7f);
}

static void
test_all_bytes(void)
{
	const char *rest = "z HTTP/1.1\r\nHost: a\r\n\r\n";
	unsigned wrong = 0;

	test_bytes("method", "G", "z / HTTP/1.1\r\nHost: a\r\n\r\n", in_token);
	test_bytes("target", "GET /y", rest, in_target);
	test_bytes("name", H "Na", "me: v\r\n\r\n", in_name);
	test_bytes("value", H "Name: v", "w\r\n\r\n", in_value);
	test_bytes("long value", H "Name: 123456789012", "345678\r\n\r\n",
	    in_value);
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		struct str s = { &byte, 1 };

		wrong += http_is_token_char(byte) != in_token(c);
		wrong += http_is_token(s) != in_token(c);
		wrong += http_is_field_value(s) != in_value(c);
		wrong += http_is_value_char(byte) != in_value(c);
	}
	ok(wrong == 0, "the byte classes");
	ok(!http_is_token(STR("")) && http_is_field_value(STR("")),
	    "the empty string is a value and no token");
}

/* Text with a run of n times c in its middle; static. */
static const char *
with_run(const char *before, char c, size_t n, const char *after)
{
	static char text[EDGE_ROOM];
	size_t start = strlen(before);

	memcpy(text, before, start);
	memset(text + start, c, n);
	memcpy(text + start + n, after, strlen(after) + 1);
	return text;
}

static void
test_line_limits(void)
{
	const char *rest = " HTTP/1.1\r\nHost: a\r\n\r\n", *s;
	size_t fit = HTTP_LINE_MAX - strlen("GET / HTTP/1.1");

	s = with_run("GET /", 'a', fit, rest);
	ok(parse(s, strlen(s)) == HTTP_PARSE_COMPLETE,
	    "a request line of 8192 bytes");
	ok(parse_slowly(s, strlen(s), 1) == HTTP_PARSE_COMPLETE,
	    "the same byte by byte");
	s = with_run("GET /", 'a', fit + 1, rest);
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 414,
	    "a request line of 8193 bytes");
	ok(parse_slowly(s, strlen(s), 1) == HTTP_PARSE_BAD && status == 414 &&
	    answered_at <= HTTP_LINE_MAX + 2, "the same byte by byte");
	s = with_run("\r\nGET /", 'a', 65536, "");
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 414,
	    "64 kB of request line behind an empty line");
	ok(parse_slowly(s, strlen(s), 1000) == HTTP_PARSE_BAD &&
	    status == 414 && answered_at < HTTP_LINE_MAX + 1004,
	    "refused before its end, at %zu", answered_at);
	s = with_run("", 'M', 65536, "");
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 400,
	    "64 kB of method");
	ok(parse_slowly(s, strlen(s), 1) == HTTP_PARSE_BAD && status == 400 &&
	    answered_at == HTTP_METHOD_MAX + 1, "the same byte by byte");
	s = with_run("\r\n", 'M', HTTP_METHOD_MAX + 1, " / HTTP/1.1\r\n\r\n");
	ok(parse_slowly(s, strlen(s), 1) == HTTP_PARSE_BAD && status == 400 &&
	    answered_at == HTTP_METHOD_MAX + 3, "behind an empty line too");

	fit = HTTP_LINE_MAX - strlen("A: ");
	s = with_run(H "A: ", 'a', fit, "\r\n\r\n");
	ok(parse(s, strlen(s)) == HTTP_PARSE_COMPLETE &&
	    parse_slowly(s, strlen(s), 1) == HTTP_PARSE_COMPLETE,
	    "a field line of 8192 bytes");
	s = with_run(H "A: ", 'a', fit + 1, "\r\n\r\n");
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 431,
	    "a field line of 8193 bytes");
	ok(parse_slowly(s, strlen(s), 1) == HTTP_PARSE_BAD && status == 431 &&
	    answered_at <= strlen(H) + HTTP_LINE_MAX + 2,
	    "the same byte by byte");
	s = with_run(H, 'n', 65536, "");
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 431,
	    "64 kB of field name");
	s = with_run(H "A:", ' ', 65536, "");
	ok(parse(s, strlen(s)) == HTTP_PARSE_BAD && status == 431,
	    "64 kB of blanks");
}

/* A line that is malformed and too long as well is the one or the other, but
 * the same in any pieces. */
static void
test_two_faults(void)
{
	static const char *const lines[] = { "GET  /", "(", "GET / X",
	    "abcdefghijklmnopqrstuvwxyz0123456", H "A(", H "A : ", H "(",
	    "GET / HTTP/1.1\r\nA", H "A: b\rc" };
	static const size_t sizes[] = { 8000, 8190, 9000, 20000 };
	static const size_t steps[] = { 1, 100, 4096, 8192 };
	unsigned wrong = 0;
	int whole;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (size_t k = 0; k < 16; k++) {
			const char *s = with_run(lines[i], 'a', sizes[k / 4],
			    "\r\n\r\n");

			parse(s, strlen(s));
			whole = status;
			wrong += parse_slowly(s, strlen(s), steps[k % 4]) !=
			    HTTP_PARSE_BAD || status != whole;
		}
	ok(wrong == 0, "two faults, one status: %u differ", wrong);
}

/* A head of exactly n bytes, of field lines of 1000. */
static const char *
head_of(size_t n)
{
	static char text[EDGE_ROOM];
	size_t at = strlen(H);

	memset(text, 'v', n);
	memcpy(text, H, at);
	while (at + 4 < n) {
		size_t line = n - 2 - at < 2000 ? n - 2 - at : 1000;

		text[at] = 'A';
		text[at + 1] = ':';
		at += line;
		text[at - 2] = '\r';
		text[at - 1] = '\n';
	}
	text[n - 2] = '\r';
	text[n - 1] = '\n';
	return text;
}

/* A head with so many fields of one name. */
static size_t
many_fields(char *text, size_t n, const char *field)
{
	size_t at = strlen("GET / HTTP/1.1\r\n");

	memcpy(text, "GET / HTTP/1.1\r\n", at);
	for (size_t i = 0; i < n; i++) {
		memcpy(text + at, field, strlen(field));
		at += strlen(field);
	}
	memcpy(text + at, "\r\n", 2);
	return at + 2;
}

static void
test_head_limits(void)
{
	static const struct http_parse_limits wide = { 16384, HTTP_FIELDS_MAX };
	static char text[EDGE_ROOM];
	size_t n, scanned = 0;

	ok(parse(head_of(16384), 16384) == HTTP_PARSE_COMPLETE &&
	    used == 16384, "a head of 16384 bytes");
	ok(parse_slowly(head_of(16384), 16384, 1) == HTTP_PARSE_COMPLETE,
	    "the same byte by byte");
	ok(parse(head_of(16385), 16385) == HTTP_PARSE_BAD && status == 431,
	    "a head of 16385 bytes");
	ok(parse_slowly(head_of(16385), 16385, 1) == HTTP_PARSE_BAD &&
	    status == 431 && answered_at == 16384, "the same byte by byte");

	n = many_fields(text, 100, "A: b\r\n");
	ok(parse(text, n) == HTTP_PARSE_COMPLETE && head.nfields == 100,
	    "100 fields");
	ok(parse_slowly(text, n, 1) == HTTP_PARSE_COMPLETE &&
	    head.nfields == 100, "the same byte by byte");
	n = many_fields(text, 101, "A: b\r\n");
	ok(parse(text, n) == HTTP_PARSE_BAD && status == 431, "101 fields");
	ok(parse_slowly(text, n, 1) == HTTP_PARSE_BAD && status == 431 &&
	    answered_at == 16 + 100 * 6 + 1, "refused with the byte of the "
	    "101st");
	n = many_fields(text, 20000, "A: b\r\n");
	ok(parse(text, n) == HTTP_PARSE_BAD && status == 431, "20000 fields");
	ok(parse_slowly(text, n, 512) == HTTP_PARSE_BAD && status == 431 &&
	    answered_at <= 1024, "refused before their end");
	n = many_fields(text, 128, "Host: b\r\n");
	ok(http_parse(text, n, &wide, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_COMPLETE && head.count[FIELD_HOST] == 128 &&
	    head.first[FIELD_HOST] == 1, "128 fields of a kind are counted");
}

/* A long line that trickles in is not looked at again and again: what was
 * seen is spoiled here, and nobody notices. */
static void
test_linear(void)
{
	static char text[4096];
	size_t scanned = 0;

	memset(text, 'a', sizeof(text));
	memcpy(text, "GET /", 5);
	ok(http_parse(text, 4000, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_PARTIAL, "part of a line");
	memset(text + 5, 0, 3990);
	ok(http_parse(text, 4001, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_PARTIAL, "one byte more looks at that byte alone");
	ok(http_parse(text, 4001, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_PARTIAL, "no byte more is no harm");
	text[4001] = '\r';
	ok(http_parse(text, 4002, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_PARTIAL, "a CR may be half a line's end");
	ok(http_parse(text, 4003, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_BAD && status == 400, "or not");
	scanned = 0;
	ok(http_parse(NULL, 0, &limits, &scanned, &head, &used, &status) ==
	    HTTP_PARSE_PARTIAL, "nothing at all");
}

static void
test_lookup(void)
{
	static const struct {
		const char *text;
		enum http_field_id id;
	} names[] = {
		{ "accept-encoding", FIELD_ACCEPT_ENCODING },
		{ "Authorization", FIELD_AUTHORIZATION },
		{ "CONNECTION", FIELD_CONNECTION },
		{ "Content-Length", FIELD_CONTENT_LENGTH },
		{ "content-Type", FIELD_CONTENT_TYPE },
		{ "cookie", FIELD_COOKIE }, { "Expect", FIELD_EXPECT },
		{ "hOST", FIELD_HOST }, { "If-Match", FIELD_IF_MATCH },
		{ "If-Modified-Since", FIELD_IF_MODIFIED_SINCE },
		{ "If-None-Match", FIELD_IF_NONE_MATCH },
		{ "If-Range", FIELD_IF_RANGE },
		{ "If-Unmodified-Since", FIELD_IF_UNMODIFIED_SINCE },
		{ "Keep-Alive", FIELD_KEEP_ALIVE }, { "Proxy", FIELD_PROXY },
		{ "Range", FIELD_RANGE }, { "Referer", FIELD_REFERER },
		{ "TE", FIELD_TE }, { "Trailer", FIELD_TRAILER },
		{ "Transfer-Encoding", FIELD_TRANSFER_ENCODING },
		{ "Upgrade", FIELD_UPGRADE },
		{ "User-Agent", FIELD_USER_AGENT },
		{ "", FIELD_OTHER }, { "Hos", FIELD_OTHER },
		{ "Hosts", FIELD_OTHER }, { "hxst", FIELD_OTHER },
		{ "Content_Length", FIELD_OTHER },
		{ "content\rlength", FIELD_OTHER },
		{ "Transfer-Encodinh", FIELD_OTHER },
		{ "A-Name-That-Is-Longer-Than-All", FIELD_OTHER },
	};
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str s = str_from(names[i].text);

		all += names[i].id != FIELD_OTHER;
		s.p = edge_put(s.p, s.n);
		ok(http_field_lookup(s) == names[i].id, "the name \"%s\"",
		    names[i].text);
	}
	ok(all == FIELD_IDS - 1, "every kind was looked up");
}

static void
test_has(void)
{
	const char *s = "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n"
	    "X: upgrade\r\nConnection: ,y ,keep-alive\r\n\r\n";

	ok(parse(s, strlen(s)) == HTTP_PARSE_COMPLETE, "two Connection lines");
	ok(http_field_has(&head, FIELD_CONNECTION, STR("close")),
	    "an element of the first, in another case");
	ok(http_field_has(&head, FIELD_CONNECTION, STR("keep-alive")) &&
	    http_field_has(&head, FIELD_CONNECTION, STR("y")),
	    "elements of the second");
	ok(!http_field_has(&head, FIELD_CONNECTION, STR("upgrade")) &&
	    !http_field_has(&head, FIELD_CONNECTION, STR("clos")) &&
	    !http_field_has(&head, FIELD_CONNECTION, STR("")),
	    "no element");
	ok(!http_field_has(&head, FIELD_TE, STR("x")), "no such field");
	ok(http_field(&head, FIELD_TE) == NULL &&
	    http_field_value(&head, FIELD_TE).n == 0, "an absent field");
	ok(http_field(&head, FIELD_CONNECTION) == &head.field[1],
	    "the first of two");
}

/* What must hold of every head that is called complete. */
static bool
sane(const char *p)
{
	size_t known = 0;

	if (head.nfields > limits.fields || !http_is_token(head.method_name) ||
	    head.target.n == 0 || head.version_minor > 9 ||
	    memcmp(p + used - 2, "\r\n", 2) != 0)
		return false;
	for (size_t i = 0; i < head.target.n; i++)
		if (!in_target((unsigned char)head.target.p[i]))
			return false;
	for (size_t i = 0; i < head.nfields; i++) {
		struct str v = head.field[i].value;

		if (!http_is_token(head.field[i].name) ||
		    !http_is_field_value(v) || str_trim(v).n != v.n ||
		    v.p < p || v.p + v.n > p + used)
			return false;
	}
	for (size_t i = 0; i < FIELD_IDS; i++)
		known += head.count[i];
	return known == head.nfields;
}

static void
test_mutations(void)
{
	size_t heads = sizeof(good) / sizeof(good[0]);
	unsigned wrong = 0, complete = 0;
	uint32_t seed = 20240229;
	char text[sizeof(chrome)];

	for (unsigned i = 0; i < 20000; i++) {
		const char *from = good[edge_random(&seed) % heads];
		enum http_parse_result whole, pieces;
		size_t n = strlen(from), length;
		int why;

		memcpy(text, from, n);
		n = edge_mutate(&seed, text, n);
		whole = parse(text, n);
		length = used;
		why = status;
		if (whole == HTTP_PARSE_COMPLETE)
			wrong += !sane(edge_put(text, n));
		if (whole == HTTP_PARSE_BAD)
			wrong += head.nfields != 0 ||
			    http_field(&head, FIELD_HOST) != NULL ||
			    (status != 400 && status != 414 &&
			    status != 431 && status != 505);
		complete += whole == HTTP_PARSE_COMPLETE;
		pieces = parse_slowly(text, n, 1 + edge_random(&seed) % 40);
		/* Only a fault in the last line may still be unseen. */
		wrong += whole != pieces && (whole != HTTP_PARSE_BAD ||
		    pieces != HTTP_PARSE_PARTIAL);
		wrong += pieces == HTTP_PARSE_COMPLETE && used != length;
		wrong += pieces == HTTP_PARSE_BAD && status != why;
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(complete > 2000 && complete < 18000, "%u of them complete",
	    complete);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The least time that a head of 99 fields took, of many tries. */
static double
cost_of(bool alike)
{
	static char text[8192];
	const char known[] = "if-modified-since";
	uint32_t seed = 7;
	double least = 1;
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text), H);
	for (int i = 0; i < 99; i++) {
		memcpy(text + n, known, sizeof(known));
		for (size_t k = 0; !alike && k < sizeof(known) - 1; k++)
			text[n + k] = (char)('a' + edge_random(&seed) % 26);
		text[n + sizeof(known) - 2] = (char)('0' + i % 10);
		n += sizeof(known) - 1;
		n += (size_t)snprintf(text + n, sizeof(text) - n, ": v\r\n");
	}
	n += (size_t)snprintf(text + n, sizeof(text) - n, "\r\n");
	for (int i = 0; i < 300; i++) {
		double start = seconds(), took;

		for (int k = 0; k < 10; k++)
			if (parse(text, n) != HTTP_PARSE_COMPLETE)
				return 1;
		took = seconds() - start;
		if (took < least)
			least = took;
	}
	return least;
}

/* Names are compared with at most three known ones and with no other name of
 * the head: there is nothing to collide in. */
static void
test_alike(void)
{
	double random, alike;
	int tries = 0;

	/* A neighbour in the CPU's caches may make one of them dearer. */
	do {
		random = cost_of(false);
		alike = cost_of(true);
	} while (alike >= 2 * random && ++tries < 10);
	printf("# %.1f us and %.1f us\n", random * 1e5, alike * 1e5);
	ok(alike < 1 && alike < 2 * random,
	    "names that are as alike as can be cost no more");
}

/* The parser asserts its room; a configuration must not ask for more. */
static void
test_configured_limits(void)
{
	const struct conf_directive *d = conf_schema_find(STR("fields"),
	    CONF_IN_LIMITS);

	ok(d != NULL && d->args[0].max == HTTP_FIELDS_MAX,
	    "the most fields that can be configured are what fits");
}

int
main(void)
{
	test_good();
	test_slices();
	test_methods();
	test_refused();
	test_all_bytes();
	test_line_limits();
	test_two_faults();
	test_head_limits();
	test_configured_limits();
	test_linear();
	test_alike();
	test_lookup();
	test_has();
	test_mutations();
	return done_testing();
}
