/*
 * The page that shows a folder.
 */
#include "worker/serve/listing_page.h"

#include <stdlib.h>
#include <string.h>

#include "worker/serve/html.h"
#include "worker/serve/style.h"

#define LINKS_MAX	32	/* folders above this one that are linked: the
				 * links' length grows with the square */

static const char *const keys[] = { "name", "size", "date" };

/* --- order --- */

void
listing_page_choose(struct listing_page *page, struct str query)
{
	static const struct {
		struct str query;
		enum listing_key key;
		bool descending;
	} known[] = {
		{ STR("sort=name&order=asc"), LISTING_NAME, false },
		{ STR("sort=name&order=desc"), LISTING_NAME, true },
		{ STR("sort=size&order=asc"), LISTING_SIZE, false },
		{ STR("sort=size&order=desc"), LISTING_SIZE, true },
		{ STR("sort=date&order=asc"), LISTING_DATE, false },
		{ STR("sort=date&order=desc"), LISTING_DATE, true },
	};

	page->key = LISTING_NAME;
	page->descending = false;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!str_eq(known[i].query, query))
			continue;
		page->key = known[i].key;
		page->descending = known[i].descending;
	}
}

/* Without regard to ASCII case, as people look for names. */
static int
compare_names(const struct listing_entry *a, const struct listing_entry *b)
{
	int order = strcasecmp(a->name, b->name);

	return order != 0 ? order : strcmp(a->name, b->name);
}

static int
compare(const void *first, const void *second, void *arg)
{
	const struct listing_entry *a, *b;
	const struct listing_page *page = arg;
	int order = 0;

	a = *(struct listing_entry *const *)first;
	b = *(struct listing_entry *const *)second;
	if (a->is_folder != b->is_folder)
		return a->is_folder ? -1 : 1;
	if (page->key == LISTING_NAME)
		order = compare_names(a, b);
	else if (page->key == LISTING_DATE)
		order = (a->modified > b->modified) -
		    (a->modified < b->modified);
	else if (!a->is_folder)
		order = (a->size > b->size) - (a->size < b->size);
	if (order == 0)
		return compare_names(a, b);
	return page->descending ? -order : order;
}

void
listing_page_sort(struct listing_page *page)
{
	if (page->n > 0)
		qsort_r(page->entries, page->n, sizeof(*page->entries),
		    compare, page);
}

/* --- the head --- */

static const char style[] =
    "nav{color:var(--soft);overflow-wrap:anywhere}"
    "nav,h1,td{white-space:pre-wrap}"
    "p{color:var(--soft)}"
    "table{width:100%;margin-top:1.5rem;border-collapse:collapse}"
    "th,td{padding:.45rem .5rem;border-bottom:1px solid var(--line);"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{font-size:.875rem;font-weight:600;white-space:nowrap}"
    "th a{color:var(--soft);text-decoration:none}"
    "th a:hover{text-decoration:underline}"
    "th[aria-sort] a{color:var(--ink)}"
    "th[aria-sort=ascending] a::after{content:\" \\2191\"}"
    "th[aria-sort=descending] a::after{content:\" \\2193\"}"
    "th+th,td+td{width:1%;text-align:right;white-space:nowrap}"
    "td+td{color:var(--soft);font-size:.9375rem;"
    "font-variant-numeric:tabular-nums}"
    "td:first-child{padding-left:2rem;text-indent:-1.5rem}"
    "td:first-child::before{content:\"\";display:inline-block;"
    "box-sizing:border-box;width:.85rem;height:1rem;margin-right:.65rem;"
    "border:1.5px solid var(--soft);border-radius:.15rem;"
    "vertical-align:-.1rem}"
    "tr.d td:first-child::before{width:1.1rem;height:.85rem;"
    "margin-right:.4rem;background:var(--accent);"
    "border-color:var(--accent);border-radius:.15rem .4rem .15rem .15rem;"
    "vertical-align:-.05rem}"
    "td a{text-decoration:none}"
    "td a:hover{text-decoration:underline}"
    "tbody tr:hover{background:var(--tint)}"
    "@media(max-width:36rem){"
    "tr{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.5rem 0;"
    "border-bottom:1px solid var(--line)}"
    "th,td{padding:0;border:0}"
    "th+th,td+td{width:auto}"
    "td:first-child{flex:0 0 100%;padding-left:1.5rem}"
    "td+td{font-size:.875rem}"
    "td:nth-child(2){margin-left:1.5rem}"
    "td:empty{display:none}"
    "tr.d td:nth-child(3){margin-left:1.5rem}}";

/* Where the segment of a path begins that ends at end, with its slash. */
static size_t
segment_start(struct str path, size_t end)
{
	while (end > 1 && path.p[end - 2] != '/')
		end--;
	return end - 1;
}

static struct str
last_segment(struct str path)
{
	size_t start = segment_start(path, path.n);

	return (struct str){ path.p + start, path.n - 1 - start };
}

static void
put_crumb(struct html *h, struct str name, size_t up)
{
	if (up <= LINKS_MAX) {
		html_put(h, "<a href=\"");
		for (size_t i = 0; i < up; i++)
			html_put(h, "../");
		html_put(h, "\">");
	}
	html_put(h, "<bdi>");
	html_text(h, name);
	html_put(h, up <= LINKS_MAX ? "</bdi></a> / " : "</bdi> / ");
}

/* The folders above this one, by relative links: they lead to the right place
 * behind a proxy that adds a prefix, too. */
static void
put_crumbs(struct html *h, struct str path)
{
	size_t up = 0, start = 1;

	for (size_t i = 1; i < path.n; i++)
		up += path.p[i] == '/';
	if (up == 0)
		return;
	html_put(h, "<nav aria-label=\"Folders above\">");
	put_crumb(h, STR("Home"), up);
	for (size_t i = 1; i < path.n && up > 1; i++) {
		if (path.p[i] != '/')
			continue;
		put_crumb(h, (struct str){ path.p + start, i - start }, --up);
		start = i + 1;
	}
	html_put(h, "</nav>\n");
}

static void
put_count(struct html *h, size_t n, const char *what)
{
	if (n > 0)
		html_printf(h, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void
put_summary(struct html *h, const struct listing_page *page)
{
	size_t folders = 0;

	for (size_t i = 0; i < page->n; i++)
		folders += page->entries[i]->is_folder;
	html_put(h, "<p>");
	if (page->n == 0 && !page->cut)
		html_put(h, "There is nothing in this folder.");
	put_count(h, folders, "folder");
	html_put(h, folders > 0 && folders < page->n ? ", " : "");
	put_count(h, page->n - folders, "file");
	html_put(h, "</p>\n");
	if (page->cut)
		html_put(h, "<p>There is more in this folder than is shown "
		    "here.</p>\n");
}

/* A column's heading: a click sorts by it, another turns the order round.
 * Small things and old ones are seldom looked for. */
static void
put_heading(struct html *h, const struct listing_page *page,
    enum listing_key key, const char *text)
{
	bool down = key == page->key ? !page->descending : key != LISTING_NAME;

	html_put(h, "<th scope=\"col\"");
	if (key == page->key)
		html_printf(h, " aria-sort=\"%s\"", page->descending ?
		    "descending" : "ascending");
	html_printf(h, "><a href=\"?sort=%s&amp;order=%s\">%s</a></th>",
	    keys[key], down ? "desc" : "asc", text);
}

void
listing_page_head(const struct listing_page *page, struct html *h)
{
	html_put(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>Files in ");
	html_text(h, page->path);
	html_put(h, "</title>\n<style>");
	html_put(h, page_style);
	html_put(h, style);
	html_put(h, "</style>\n</head>\n<body>\n<header>\n");
	put_crumbs(h, page->path);
	html_put(h, "<h1><bdi>");
	html_text(h, page->path.n > 1 ? last_segment(page->path) : STR("Home"));
	html_put(h, "</bdi></h1>\n");
	put_summary(h, page);
	html_put(h, "</header>\n<main>\n");
	if (page->n == 0)
		return;
	html_put(h, "<table>\n<thead>\n<tr>");
	put_heading(h, page, LISTING_NAME, "Name");
	put_heading(h, page, LISTING_SIZE, "Size");
	put_heading(h, page, LISTING_DATE, "Modified (UTC)");
	html_put(h, "</tr>\n</thead>\n<tbody>\n");
}

/* --- rows --- */

/* No request can name it: uri_path refuses encoded control bytes. */
static bool
is_reachable(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

static void
put_name(struct html *h, const struct listing_entry *e)
{
	const char *slash = e->is_folder ? "/" : "";
	struct str name = str_from(e->name);
	bool link = is_reachable(e->name);

	if (link) {
		html_put(h, "<a href=\"");
		html_href(h, name);
		html_printf(h, "%s\">", slash);
	}
	html_put(h, "<bdi>");
	html_text(h, name);
	html_printf(h, "%s</bdi>%s", slash, link ? "</a>" : "");
}

/* Three digits and a unit; below 1 KiB it is exact. */
static void
put_size(struct html *h, int64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		html_printf(h, "%lld B", (long long)bytes);
		return;
	}
	for (; size >= 999.5; size /= 1024)
		unit++;
	html_printf(h, "%.*f %ciB", size < 9.95 ? 1 : 0, size, units[unit]);
}

/* Nothing for a year that HTML cannot say: file systems keep any. */
static void
put_date(struct html *h, time_t t)
{
	struct tm tm;
	char date[24], clock[16];

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 1 - 1900 ||
	    tm.tm_year > 9999 - 1900)
		return;
	(void)strftime(date, sizeof(date), "%m-%d", &tm);
	(void)strftime(clock, sizeof(clock), "%H:%M", &tm);
	html_printf(h, "<time datetime=\"%04d-%sT%s:%02dZ\">%04d-%s %s</time>",
	    tm.tm_year + 1900, date, clock, tm.tm_sec, tm.tm_year + 1900, date,
	    clock);
}

void
listing_page_row(const struct listing_entry *e, struct html *h)
{
	html_put(h, e->is_folder ? "<tr class=\"d\"><td>" : "<tr><td>");
	put_name(h, e);
	html_put(h, "</td><td>");
	if (!e->is_folder)
		put_size(h, e->size);
	html_put(h, "</td><td>");
	put_date(h, e->modified);
	html_put(h, "</td></tr>\n");
}

void
listing_page_foot(const struct listing_page *page, struct html *h)
{
	html_put(h, page->n == 0 ? "" : "</tbody>\n</table>\n");
	html_put(h, "</main>\n</body>\n</html>\n");
}
