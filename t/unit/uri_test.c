/*
 * What a raw path means, and what it must not.
 */
#include "worker/http/uri.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

static char out[8192];
static size_t out_n;

static int
path_n(const char *raw, size_t n)
{
	return uri_path((struct str){ edge_put(raw, n), n }, out, &out_n);
}

static int
path(const char *raw)
{
	return path_n(raw, strlen(raw));
}

static bool
is(const char *text)
{
	return str_eq((struct str){ out, out_n }, str_from(text));
}

static void
test_good(void)
{
	static const char *const good[][2] = {
		{ "/", "/" }, { "/a", "/a" }, { "/a/", "/a/" },
		{ "/a/b.html", "/a/b.html" },
		/* slashes */
		{ "//", "/" }, { "///a", "/a" }, { "/a//b", "/a/b" },
		{ "/a///", "/a/" }, { "//evil/", "/evil/" },
		{ "//evil/..//sub", "/sub" },
		/* dot segments */
		{ "/.", "/" }, { "/./", "/" }, { "/a/.", "/a/" },
		{ "/a/./b", "/a/b" }, { "/a/./", "/a/" }, { "/./a", "/a" },
		{ "/a/..", "/" }, { "/a/../", "/" }, { "/a/b/..", "/a/" },
		{ "/a/b/../", "/a/" }, { "/a/b/../../c", "/c" },
		{ "/a/../b", "/b" }, { "/a//../b", "/b" },
		{ "/ab/cd/.././../x", "/x" },
		/* encoded ones */
		{ "/a/%2e", "/a/" }, { "/a/%2E%2e", "/" },
		{ "/a/.%2e/b", "/b" },
		{ "/a/%2E./b", "/b" }, { "/%2e/a", "/a" },
		/* what only looks like them */
		{ "/...", "/..." }, { "/a/...", "/a/..." }, { "/.a", "/.a" },
		{ "/..a", "/..a" }, { "/a..", "/a.." }, { "/a.", "/a." },
		{ "/a/%252e%252e/b", "/a/%2e%2e/b" },
		{ "/%252f", "/%2f" }, { "/%25", "/%" }, { "/%2500", "/%00" },
		/* other bytes */
		{ "/%41%62", "/Ab" }, { "/a%20b", "/a b" }, { "/a+b", "/a+b" },
		{ "/%5c..%5C", "/\\..\\" }, { "/%3f%23%3a", "/?#:" },
		{ "/%c0%ae%c0%ae/x", "/\xc0\xae\xc0\xae/x" },
		{ "/%ff%80%C3%A4", "/\xff\x80\xc3\xa4" },
		{ "/a;b=c,d", "/a;b=c,d" },
		{ "/a|\"<>^`{}[]", "/a|\"<>^`{}[]" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(path(good[i][0]) == 0 && is(good[i][1]), "%s",
		    good[i][0]);
}

static void
test_refused(void)
{
	static const char *const bad[] = { "", "a", "a/b", "*", "?",
	    /* above the top */
	    "/..", "/../", "/../x", "/./..", "//..", "/a/../..",
	    "/a/../../b", "/a/b/../../../c", "/%2e%2e", "/%2e%2e/x",
	    "/.%2e/", "/%2E./x", "/a/%2e%2e/..", "/..//",
	    /* percent */
	    "/%", "/%1", "/%zz", "/%1g", "/%g1", "/a%", "/a%2", "/%%41",
	    "/% 1", "/%-1", "/%+1", "/%0x", "/a%00", "/a%00.html",
	    /* raw bytes */
	    "/a b", "/a#b", "/a\\b", "/a\x80", "/\xc3\xa4", "/\xff",
	    "/a\tb", "/a\x7f", "/a\x1b", "/a\rb", "/a\nb" };
	static const char *const absent[] = { "/%2f", "/%2F", "/a%2fb",
	    "/..%2f", "/a/..%2f..%2fetc/passwd", "/%2f/../.." };
	unsigned wrong = 0;
	char text[16];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(path(bad[i]) == 400, "400 for path %zu", i);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		ok(path(absent[i]) == 404, "404 for %s", absent[i]);
	ok(path_n("/a\0b", 4) == 400, "a raw NUL");
	for (unsigned c = 0; c < 256; c++) {
		int want = c < ' ' || c == 0x7f ? 400 : c == '/' ? 404 : 0;

		snprintf(text, sizeof(text), "/x%%%02xy", c);
		wrong += path(text) != want;
		wrong += want == 0 && (out_n != 4 ||
		    (unsigned char)out[2] != c);
	}
	ok(wrong == 0, "all 256 encoded bytes: %u wrong", wrong);
}

static void
test_dot_segments(void)
{
	static const char *const hidden[] = { "/.git/config", "/.htpasswd",
	    "/a/.b/c", "/a/.env", "/.", "/a/.well-known/x", "/.well-knownx",
	    "/.well-known/.x", "/.well-known/a/.b", "/.well-know" };
	static const char *const open[] = { "/", "/a", "/a.b/c.", "/a/b/",
	    "/.well-known/", "/.well-known", "/.well-known/acme/x.y", "" };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		ok(uri_has_dot_segment(str_from(hidden[i])), "%s is hidden",
		    hidden[i]);
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		ok(!uri_has_dot_segment(str_from(open[i])), "%s is not",
		    open[i]);
}

static void
test_encode(void)
{
	char text[3 * 256], all[256];
	unsigned wrong = 0;
	size_t n;

	n = uri_encode(STR("/a b/\xc3\xa4\r\n\"<>&';?#%:"), text);
	ok(str_eq((struct str){ text, n },
	    STR("/a%20b/%C3%A4%0D%0A%22%3C%3E%26%27%3B%3F%23%25%3A")),
	    "what must be encoded is");
	n = uri_encode(STR("/AZaz09-._~!$()*+=@"), text);
	ok(str_eq((struct str){ text, n }, STR("/AZaz09-._~!$()*+=@")),
	    "what need not be is not");
	ok(uri_encode(STR(""), text) == 0, "nothing");
	all[0] = '/';
	for (int c = 1; c < 256; c++)
		all[c] = (char)c;
	n = uri_encode((struct str){ all, 256 }, text);
	for (size_t i = 0; i < n; i++)
		wrong += text[i] <= ' ' || text[i] >= 0x7f;
	ok(wrong == 0 && n <= sizeof(text), "it is printable ASCII");
}

static void
test_mutations(void)
{
	static const char *const from[] = { "/a/../b/./c//d%2e%2E/%41%c3x/",
	    "/ab/%2e%2e/cd/..%2fx/.", "/index.html", "/a/b/c/../../.." };
	unsigned wrong = 0, fine = 0;
	uint32_t seed = 3;
	char text[128];

	for (unsigned i = 0; i < 20000; i++) {
		const char *s = from[edge_random(&seed) % 4];
		size_t n = edge_mutate(&seed, strcpy(text, s), strlen(s));
		int status = path_n(text, n);

		fine += status == 0;
		wrong += status != 0 && status != 400 && status != 404;
		if (status != 0)
			continue;
		out[out_n] = '\0';
		wrong += out_n == 0 || out_n > n || out[0] != '/' ||
		    strlen(out) != out_n || strstr(out, "//") != NULL ||
		    strstr(out, "/../") != NULL || strstr(out, "/./") != NULL ||
		    str_ends((struct str){ out, out_n }, STR("/..")) ||
		    str_ends((struct str){ out, out_n }, STR("/."));
		/* Encoded and cleaned again it is what it was. */
		n = uri_encode((struct str){ out, out_n }, out + 256);
		memcpy(text, out, out_n);
		s = text;
		status = (int)out_n;
		wrong += path_n(out + 256, n) != 0 ||
		    (int)out_n != status || memcmp(out, s, out_n) != 0;
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(fine > 1000 && fine < 19000, "%u of them fine", fine);
}

int
main(void)
{
	test_good();
	test_refused();
	test_dot_segments();
	test_encode();
	test_mutations();
	return done_testing();
}
