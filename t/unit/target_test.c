/*
 * The forms of a request-target, and Host.
 */
#include "worker/http/target.h"

#include "worker/http/parse.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

static const struct http_parse_limits limits = { 16384, 100 };
static struct http_target got;

/* The verdict on a head; -1 when it is none. */
static int
target(const char *text)
{
	static struct http_head head;
	size_t scanned = 0, used, n = strlen(text);
	int status = 0;

	if (http_parse(edge_put(text, n), n, &limits, &scanned, &head, &used,
	    &status) != HTTP_PARSE_COMPLETE)
		return -1;
	return http_target(&head, &got);
}

static int
host(const char *value)
{
	char text[512];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
	    value);
	return target(text);
}

static bool
is(struct str s, const char *text)
{
	return str_eq(s, str_from(text));
}

static void
test_host(void)
{
	static const struct {
		const char *value;
		const char *host;
		const char *port;
	} good[] = {
		{ "a", "a", "" },
		{ "www.Example.org", "www.Example.org", "" },
		{ "example.org.", "example.org.", "" },
		{ "localhost:8080", "localhost", "8080" },
		{ "localhost:", "localhost", "" },
		{ "a:1", "a", "1" }, { "a:65535", "a", "65535" },
		{ "a:0080", "a", "0080" },
		{ "127.0.0.1", "127.0.0.1", "" },
		{ "127.0.0.1:80", "127.0.0.1", "80" },
		{ "[::1]", "[::1]", "" }, { "[::1]:80", "[::1]", "80" },
		{ "[2001:db8::A]:", "[2001:db8::A]", "" },
		{ "[::ffff:192.0.2.1]:443", "[::ffff:192.0.2.1]", "443" },
		{ "a_b-c~d!$&'()*+,;=", "a_b-c~d!$&'()*+,;=", "" },
		{ "%41%ff.x", "%41%ff.x", "" },
	};
	static const char *const bad[] = {
		"", "a b", "a b/../c", "..", "a..b", ".", ".a", "u@a",
		"u:p@a", "a/b", "a?b", "a#b", "a\\b", "a:b", "a:8080x",
		"a:80:80", ":80", ":", "a:0", "a:00", "a:65536",
		"a:99999999999999999999999", "a:-1", "a:+1", "a: 80",
		"a%", "a%4", "a%zz", "[", "[]", "[::1", "::1",
		"::1]", "[::1]x", "[::1]x:80", "[::1]:x", "[::1]:0", "[1]",
		"[::g]", "[127.0.0.1]", "[fe80::1%25eth0]", "[v1.a]",
		"[::1%]", "[0000:0000:0000:0000:0000:0000:0000:0000:0000]",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:c]",
		"a\tb", "a,b c", "\"a\"", "<a>", "a|b", "{a}", "^", "`",
		"\x80", "a\xff", "http://a",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(host(good[i].value) == 0 && is(got.host, good[i].host) &&
		    is(got.port, good[i].port), "Host: %s", good[i].value);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(host(bad[i]) == 400, "bad Host %zu", i);
	ok(host("a:80 \t ") == 0 && is(got.port, "80"), "blanks behind Host");
}

static void
test_host_count(void)
{
	ok(target("GET / HTTP/1.1\r\n\r\n") == 400, "1.1 without Host");
	ok(target("GET / HTTP/1.3\r\n\r\n") == 400, "1.3 without Host");
	ok(target("GET / HTTP/1.0\r\n\r\n") == 0 && got.host.n == 0 &&
	    got.port.n == 0, "1.0 without Host");
	ok(target("GET / HTTP/1.0\r\nHost: \r\n\r\n") == 400,
	    "1.0 with an empty Host");
	ok(target("GET / HTTP/1.0\r\nHost: a:1\r\n\r\n") == 0 &&
	    is(got.host, "a"), "1.0 with Host");
	ok(target("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400,
	    "the same Host twice");
	ok(target("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n") == 400,
	    "two on 1.0");
	ok(target("GET http://a/ HTTP/1.1\r\n\r\n") == 400,
	    "an absolute target does not replace Host");
	ok(target("GET http://a/ HTTP/1.1\r\nHost: b c\r\n\r\n") == 400,
	    "nor does it excuse a bad one");
	ok(target("GET http://a/ HTTP/1.0\r\n\r\n") == 0 && is(got.host, "a"),
	    "on 1.0 it stands alone");
}

static void
test_forms(void)
{
	static const struct {
		const char *line;
		int status;
		const char *path, *query, *host, *port;
	} forms[] = {
		{ "GET /", 0, "/", NULL, "h", "1" },
		{ "GET /a/b;c", 0, "/a/b;c", NULL, "h", "1" },
		{ "GET /a?b=c&d", 0, "/a", "b=c&d", "h", "1" },
		{ "GET /a?", 0, "/a", "", "h", "1" },
		{ "GET /a?b?c", 0, "/a", "b?c", "h", "1" },
		{ "GET //x", 0, "//x", NULL, "h", "1" },
		{ "GET http://o/p?q", 0, "/p", "q", "o", "" },
		{ "GET HTTP://o:8/p", 0, "/p", NULL, "o", "8" },
		{ "GET https://o", 0, "/", NULL, "o", "" },
		{ "GET http://o?q", 0, "/", "q", "o", "" },
		{ "GET http://o:80/", 0, "/", NULL, "o", "80" },
		{ "GET http://[::1]:80/x", 0, "/x", NULL, "[::1]", "80" },
		{ "GET http://o/http://p", 0, "/http://p", NULL, "o", "" },
		{ "GET http://o/a@b", 0, "/a@b", NULL, "o", "" },
		{ "OPTIONS *", 0, "*", NULL, "h", "1" },
		{ "OPTIONS http://o", 0, "*", NULL, "o", "" },
		{ "OPTIONS http://o:8?", 0, "/", "", "o", "8" },
		{ "OPTIONS http://o/", 0, "/", NULL, "o", "" },
		{ "OPTIONS /", 0, "/", NULL, "h", "1" },
		{ "GET *", 400, NULL, NULL, NULL, NULL },
		{ "OPTIONS **", 400, NULL, NULL, NULL, NULL },
		{ "OPTIONS *?a", 400, NULL, NULL, NULL, NULL },
		{ "GET a", 400, NULL, NULL, NULL, NULL },
		{ "GET ?a", 400, NULL, NULL, NULL, NULL },
		{ "GET o:80", 400, NULL, NULL, NULL, NULL },
		{ "GET ../x", 400, NULL, NULL, NULL, NULL },
		{ "GET ftp://o/", 400, NULL, NULL, NULL, NULL },
		{ "GET http:/o/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://", 400, NULL, NULL, NULL, NULL },
		{ "GET http:///x", 400, NULL, NULL, NULL, NULL },
		{ "GET http://?x", 400, NULL, NULL, NULL, NULL },
		{ "GET http://u@o/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://u:p@o/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://o:0/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://o:65536/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://o:x/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://[::1/", 400, NULL, NULL, NULL, NULL },
		{ "GET http://../", 400, NULL, NULL, NULL, NULL },
		{ "GET http://a|b/", 400, NULL, NULL, NULL, NULL },
		{ "CONNECT o:80", 405, NULL, NULL, NULL, NULL },
		{ "CONNECT /", 405, NULL, NULL, NULL, NULL },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int status;

		snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: h:1\r\n\r\n",
		    forms[i].line);
		status = target(text);
		ok(status == forms[i].status && (status != 0 ||
		    (is(got.path, forms[i].path) &&
		    got.has_query == (forms[i].query != NULL) &&
		    (forms[i].query == NULL ? got.query.n == 0 :
		    is(got.query, forms[i].query)) &&
		    got.https == str_starts(str_from(forms[i].line),
		    STR("GET https:")) &&
		    is(got.host, forms[i].host) &&
		    is(got.port, forms[i].port))), "%s: %d", forms[i].line,
		    status);
	}
}

static void
test_mutations(void)
{
	static const char *const from[] = {
		("GET http://www.example.org:8080/a?b HTTP/1.1\r\n"
		    "Host: [2001:db8::1]:443\r\n\r\n"),
		"GET /a?b HTTP/1.1\r\nHost: example.org:80\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	};
	unsigned wrong = 0, fine = 0;
	uint32_t seed = 11;
	char text[128];

	for (unsigned i = 0; i < 20000; i++) {
		const char *s = from[edge_random(&seed) % 3];
		size_t n = edge_mutate(&seed, strcpy(text, s), strlen(s));
		uint64_t port;
		int status;

		text[n] = '\0';
		status = target(text);
		fine += status == 0;
		wrong += status != 0 && status != -1 && status != 400 &&
		    status != 405;
		if (status != 0)
			continue;
		wrong += got.path.n == 0 || (got.path.p[0] != '/' &&
		    !is(got.path, "*"));
		wrong += got.port.n > 0 && (str_u64(got.port, 65535, &port) != 0
		    || port == 0);
		wrong += got.host.n > 0 && memchr(got.host.p, '/', got.host.n)
		    != NULL;
		wrong += memchr(got.path.p, '?', got.path.n) != NULL;
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(fine > 1000 && fine < 19000, "%u of them fine", fine);
}

int
main(void)
{
	test_host();
	test_host_count();
	test_forms();
	test_mutations();
	return done_testing();
}
