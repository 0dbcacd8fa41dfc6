/*
 * The page that shows a folder: its order, its words, its links.
 */
#include "worker/serve/listing_page.h"

#include <stdlib.h>

#include "t/unit/tap.h"
#include "worker/serve/html.h"

static struct listing_entry *
entry(const char *name, int64_t size, time_t modified, bool is_folder)
{
	struct listing_entry *e = calloc(1, sizeof(*e) + strlen(name) + 1);

	if (e == NULL)
		exit(1);
	e->size = size;
	e->modified = modified;
	e->is_folder = is_folder;
	memcpy(e->name, name, strlen(name) + 1);
	return e;
}

/* --- order --- */

static bool
sorts(const char *query, const char *expected)
{
	struct listing_entry *entries[] = { entry("b", 10, 300, false),
	    entry("y", 7, 200, true), entry("B", 10, 100, false),
	    entry("a", 5, 300, false), entry("Z", 9, 500, true),
	    entry("C", 1, 400, false) };
	struct listing_page page = { .entries = entries, .n = 6 };
	char order[8] = "";

	listing_page_choose(&page, str_from(query));
	listing_page_sort(&page);
	for (size_t i = 0; i < page.n; i++) {
		order[i] = page.entries[i]->name[0];
		free(page.entries[i]);
	}
	if (strcmp(order, expected) != 0)
		printf("# \"%s\" gives %s\n", query, order);
	return strcmp(order, expected) == 0;
}

static void
test_order(void)
{
	static const char *const others[] = { "", "sort=size", "order=desc",
	    "sort=size&order=", "sort=size&order=DESC", "sort=color&order=asc",
	    "order=desc&sort=size", "sort=size&order=desc&x",
	    " sort=size&order=desc", "sort=%73ize&order=desc" };

	ok(sorts("sort=name&order=asc", "yZaBbC"), "by name, folders first");
	ok(sorts("sort=name&order=desc", "ZyCbBa"), "by name, backwards");
	ok(sorts("sort=size&order=asc", "yZCaBb"), "by size, equals by name");
	ok(sorts("sort=size&order=desc", "yZBbaC"), "the largest first");
	ok(sorts("sort=date&order=asc", "yZBabC"), "by date");
	ok(sorts("sort=date&order=desc", "ZyCabB"), "the newest first");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		ok(sorts(others[i], "yZaBbC"), "\"%s\" says nothing",
		    others[i]);
}

/* --- words --- */

static bool
has(struct html *h, const char *what)
{
	struct str out = buf_str(&h->out);
	bool good = !h->failed && memmem(out.p, out.n, what, strlen(what)) !=
	    NULL;

	if (!good)
		printf("# not in \"%.*s\"\n", (int)out.n, out.p);
	return good;
}

static bool
row_has(const char *name, int64_t size, time_t modified, const char *what)
{
	struct listing_entry *e = entry(name, size, modified, false);
	struct html h = { 0 };
	bool good;

	listing_page_row(e, &h);
	good = has(&h, what);
	free(e);
	buf_free(&h.out);
	return good;
}

static void
test_rows(void)
{
	static const struct {
		int64_t size;
		const char *text;
	} sizes[] = { { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
	    { 10188, "9.9 KiB" }, { 10189, "10 KiB" }, { 1023487, "999 KiB" },
	    { 1023488, "1.0 MiB" }, { (int64_t)5 << 30, "5.0 GiB" },
	    { (int64_t)3 << 40, "3.0 TiB" }, { INT64_MAX, "8.0 EiB" } };
	char cell[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		(void)snprintf(cell, sizeof(cell), "<td>%s</td>",
		    sizes[i].text);
		ok(row_has("x", sizes[i].size, 0, cell), "%s", sizes[i].text);
	}
	ok(row_has("x", 0, 784111777, "<td><time datetime=\""
	    "1994-11-06T08:49:37Z\">1994-11-06 08:49</time></td>"), "a date");
	ok(row_has("x", 0, -86400, "1969-12-31"), "before 1970");
	ok(row_has("x", 0, 253402300799, "9999-12-31"), "the last one");
	ok(row_has("x", 0, 253402300800, "<td></td></tr>"), "past it");
	ok(row_has("x", 0, INT64_MAX, "<td></td></tr>"), "far past it");
	ok(row_has("x", 0, -62167219201, "<td></td></tr>"), "before year 0");
	ok(row_has("a&\"b", 0, 0, "<td><a href=\"a%26%22b\"><bdi>a&amp;&quot;b"
	    "</bdi></a></td>"), "a name");
	ok(row_has("a\nb", 0, 0, "<td><bdi>a\xef\xbf\xbd" "b</bdi></td>"),
	    "a name that no request can have is no link");
}

static bool
head_has(const char *path, const char *what)
{
	struct listing_page page = { .path = str_from(path) };
	struct html h = { 0 };
	bool good;

	listing_page_head(&page, &h);
	good = has(&h, what);
	buf_free(&h.out);
	return good;
}

static void
test_crumbs(void)
{
	struct listing_page page = { .path = { NULL, 0 } };
	char deep[4001];
	struct html h = { 0 };

	ok(head_has("/", "<header>\n<h1><bdi>Home</bdi></h1>"), "the top");
	ok(head_has("/a/", "<a href=\"../\"><bdi>Home</bdi></a> / </nav>\n"
	    "<h1><bdi>a</bdi></h1>"), "one below");
	ok(head_has("/a/<b>/c/", "<a href=\"../../../\"><bdi>Home</bdi></a> / "
	    "<a href=\"../../\"><bdi>a</bdi></a> / "
	    "<a href=\"../\"><bdi>&lt;b&gt;</bdi></a> / </nav>\n"
	    "<h1><bdi>c</bdi></h1>"), "three below");
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 == 0 ? '/' : 'd';
	page.path = (struct str){ deep, sizeof(deep) };
	listing_page_head(&page, &h);
	ok(!h.failed && buf_len(&h.out) < 100000, "2000 below: %zu bytes",
	    buf_len(&h.out));
	buf_free(&h.out);
}

int
main(void)
{
	test_order();
	test_rows();
	test_crumbs();
	return done_testing();
}
