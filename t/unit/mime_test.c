/*
 * Media types by file name.
 */
#include "common/mime.h"

#include <string.h>

#include "t/unit/tap.h"

static void
is(const struct mime_table *t, const char *name, const char *type)
{
	const char *got = mime_type(t, str_from(name));

	if (!ok(strcmp(got, type) == 0, "%s is %s", name, type))
		printf("# got %s\n", got);
}

static void
test_builtin(const struct mime_table *t)
{
	is(t, "index.html", "text/html; charset=utf-8");
	is(t, "INDEX.HTML", "text/html; charset=utf-8");
	is(t, "a.tar.gz", "application/gzip");
	is(t, "a.js", "text/javascript; charset=utf-8");
	is(t, "a.json", "application/json");
	is(t, "a.svg", "image/svg+xml; charset=utf-8");
	is(t, "a.xml", "application/xml; charset=utf-8");
	is(t, "a.wasm", "application/wasm");
	is(t, "a.woff2", "font/woff2");
	is(t, "a.png", "image/png");
	is(t, ".css", "text/css; charset=utf-8");
	is(t, "Makefile", "application/octet-stream");
	is(t, "a.", "application/octet-stream");
	is(t, ".", "application/octet-stream");
	is(t, "", "application/octet-stream");
	is(t, "a.nosuchthing", "application/octet-stream");
	is(t, "a.htmlx", "application/octet-stream");
	is(t, "a.#", "application/octet-stream");
}

static void
test_add(struct mime_table *t)
{
	char name[16];
	int i, wrong = 0;

	ok(mime_add(t, STR("text/x-new"), STR("NeW")) == 0, "a new one");
	is(t, "a.new", "text/x-new; charset=utf-8");
	ok(mime_add(t, STR("text/html; charset=latin1"), STR("html")) == 0,
	    "one that replaces another");
	is(t, "a.html", "text/html; charset=latin1");
	is(t, "a.htm", "text/html; charset=utf-8");
	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "x%d", i);
		wrong += mime_add(t, STR("application/x"), str_from(name));
	}
	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "a.X%d", i);
		wrong += strcmp(mime_type(t, str_from(name)),
		    "application/x") != 0;
	}
	ok(wrong == 0, "three thousand more");
	is(t, "a.css", "text/css; charset=utf-8");
}

int
main(void)
{
	struct mime_table *t = mime_new();

	ok(t != NULL, "the built-in table");
	test_builtin(t);
	test_add(t);
	mime_free(t);
	mime_free(NULL);
	return done_testing();
}
