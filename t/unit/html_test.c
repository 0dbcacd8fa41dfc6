/*
 * Any bytes as text and as links.
 */
#include "worker/serve/html.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

#define R "\xef\xbf\xbd"		/* U+FFFD */

static bool
writes(struct str in, const char *expected, void (*fn)(struct html *,
    struct str))
{
	struct html h = { 0 };
	struct str out;
	bool good;

	fn(&h, (struct str){ edge_put(in.p, in.n), in.n });
	out = buf_str(&h.out);
	good = !h.failed && str_eq(out, str_from(expected));
	if (!good)
		printf("# got \"%.*s\"\n", (int)out.n, out.p);
	buf_free(&h.out);
	return good;
}

#define text_is(in, out, ...) \
	ok(writes(STR(in), (out), html_text), __VA_ARGS__)
#define href_is(in, out, ...) \
	ok(writes(STR(in), (out), html_href), __VA_ARGS__)

static void
test_text(void)
{
	text_is("", "", "nothing");
	text_is("a b.txt", "a b.txt", "plain text");
	text_is("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;", "markup");
	text_is("Zo\xc3\xab \xe2\x89\xa0 \xf0\x9f\x90\x9f",
	    "Zo\xc3\xab \xe2\x89\xa0 \xf0\x9f\x90\x9f", "UTF-8");
	text_is("\xd7\xa9\xe2\x80\x8f!", "\xd7\xa9\xe2\x80\x8f!",
	    "a mark of direction is text");
}

static void
test_bad(void)
{
	text_is("a\x1b[0m\n\t\x7f\0z", "a" R "[0m" R R R R "z", "controls");
	text_is("\xc2\x85\xc2\x9b", R R, "C1 controls");
	text_is("a\xff\xfe" "b", "a" R R "b", "no bytes of UTF-8");
	text_is("\xc3", R, "cut short at the end");
	text_is("\xe2\x89<", R R "&lt;", "cut short by markup");
	text_is("\x80", R, "a tail without a head");
	text_is("\xc0\xbc\xe0\x80\xbc\xf0\x80\x80\xbc", R R R R R R R R R,
	    "'<' in too many bytes");
	text_is("\xed\xa0\x80", R R R, "a surrogate");
	text_is("\xf4\x90\x80\x80\xf5\x80\x80\x80", R R R R R R R R,
	    "past the last character");
	text_is("x\xe2\x80\xaegnp.exe", "x" R "gnp.exe",
	    "what turns the direction round");
	text_is("\xe2\x81\xa6\xe2\x80\xa8\xef\xbf\xbf\xef\xb7\x90", R R R R,
	    "isolates, line separators, noncharacters");
}

static void
test_href(void)
{
	href_is("a b", "a%20b", "a blank");
	href_is("<a href=\"x\">&'", "%3Ca%20href=%22x%22%3E%26%27", "markup");
	href_is("a:b?c#d%e\\", "a%3Ab%3Fc%23d%25e%5C", "parts of a URL");
	href_is("\xff\xc3\xab\n", "%FF%C3%AB%0A", "any byte");
}

int
main(void)
{
	test_text();
	test_bad();
	test_href();
	return done_testing();
}
