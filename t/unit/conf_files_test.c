/*
 * How files are sent: symlinks, cache, precompressed, gzip; what they inherit,
 * what is wrong, and that a dump is read back as the same.
 */
#include <stdio.h>
#include <string.h>

#include "t/unit/conf_load.h"

/* "1.css=max-age=60", each rule in its order; "!" is none. */
static const char *
rules(const struct conf_location *l)
{
	static char text[400];
	size_t i, n = 0;

	text[0] = '\0';
	for (i = 0; i < l->ncache; i++) {
		const struct conf_cache_rule *r = &l->cache[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s%.*s:%s", i == 0 ? "" : " ", r->end ? "*" : "",
		    (int)r->name.n, r->name.p,
		    r->value == NULL ? "!" : r->value);
	}
	return text;
}

static void
has_rules(const struct conf_location *l, const char *expected)
{
	if (!ok(strcmp(rules(l), expected) == 0, "cache: %s", expected))
		printf("# got %s\n", rules(l));
}

static void
test_symlinks(void)
{
	struct conf *c = must_load("symlinks off\nserver { listen 1\n"
	    " location /x/ { symlinks on }\n location /y/ { } }\n"
	    "server a { listen 2; symlinks beneath }\n");
	const struct conf_server *s = c->servers;

	ok(s[0].base.symlinks == CONF_SYMLINKS_OFF &&
	    s[0].locations[0].symlinks == CONF_SYMLINKS_ON &&
	    s[0].locations[1].symlinks == CONF_SYMLINKS_OFF &&
	    s[1].base.symlinks == CONF_SYMLINKS_BENEATH, "symlinks");
	conf_free(c);
	c = must_load("");
	ok(c->servers[0].base.symlinks == CONF_SYMLINKS_BENEATH,
	    "symlinks beneath by default");
	conf_free(c);
	bad_part("symlinks maybe\n", "write off, beneath or on");
}

static void
test_precompressed(void)
{
	struct conf *c = must_load("precompressed gz br\nserver { listen 1\n"
	    " location /x/ { precompressed off }\n"
	    " location /y/ { precompressed br } }\n");
	const struct conf_server *s = c->servers;

	ok(s->base.precompressed[0] == CONF_CODING_GZIP &&
	    s->base.precompressed[1] == CONF_CODING_BR, "gz before br");
	ok(s->locations[0].precompressed[0] == CONF_CODING_NONE &&
	    s->locations[0].precompressed[1] == CONF_CODING_NONE, "off");
	ok(s->locations[1].precompressed[0] == CONF_CODING_BR &&
	    s->locations[1].precompressed[1] == CONF_CODING_NONE, "br alone");
	conf_free(c);
	bad_part("precompressed on\n", "write off, br or gz");
	bad_part("precompressed br br\n", "\"br\" is there twice");
	bad_part("precompressed br off\n", "off stands alone");
	bad_part("precompressed off gz\n", "off stands alone");
	bad_part("precompressed br gz br\n", "too many values");
}

static void
test_gzip(void)
{
#ifdef PYKED_ZLIB
	struct conf *c = must_load("gzip text/HTML text/* image/svg+xml\n"
	    "server { listen 1; location /x/ { gzip off } }\n");
	const struct conf_location *l = &c->servers[0].base;

	ok(l->ngzip == 3 && str_eq(l->gzip[0], STR("text/html")) &&
	    str_eq(l->gzip[1], STR("text/")) &&
	    str_eq(l->gzip[2], STR("image/svg+xml")), "types to compress");
	ok(c->servers[0].locations[0].ngzip == 0, "off");
	conf_free(c);
	bad_part("gzip on\n", "\"on\" is not a media type");
	bad_part("gzip text/html off\n", "\"off\" is not a media type");
	bad_part("gzip text/\n", "\"text/\" is not a media type");
	bad_part("gzip */*\n", "\"*/*\" is not a media type");
	bad_part("gzip text/h*\n", "\"text/h*\" is not a media type");
	bad_part("gzip a/b/c\n", "\"a/b/c\" is not a media type");
	bad_part("gzip \"text/html;charset=utf-8\"\n", "is not a media type");
#else
	bad_part("gzip text/html\n", "this pyked was built without zlib");
#endif
	good("gzip off\n");
}

static void
test_cache(void)
{
	struct conf *c = must_load("cache 1h\ncache *.css *.js 30d\n"
	    "cache *.min.js 365d\ncache sw.js no-cache\n"
	    "server { listen 1\n location /a/ { cache *.x off; cache no-store }"
	    "\n location /b/ { cache off }\n location /c/ { }\n"
	    " location /d/ { cache * 99999d } }\n");
	const struct conf_server *s = c->servers;

	has_rules(&s->base, "sw.js:no-cache *.min.js:max-age=31536000 "
	    "*.css:max-age=2592000 *.js:max-age=2592000 *:max-age=3600");
	has_rules(&s->locations[0], "*.x:! *:no-store");
	has_rules(&s->locations[1], "*:!");
	ok(s->locations[2].cache == s->base.cache, "inherited");
	has_rules(&s->locations[3], "*:max-age=2147483647");
	conf_free(c);
	bad_part("cache *.css\n", "is not how long files may be kept");
	bad_part("cache *.css 500ms\n", "write a time like 30d");
	bad_part("cache *.css soon\n", "write a time like 30d");
	bad_part("cache css/*.css 1d\n", "is not the name of files");
	bad_part("cache *.c* 1d\n", "is not the name of files");
	bad_part("cache \"\" 1d\n", "is not the name of files");
	bad_part("cache *.a 1d\ncache *.b *.a 2d\n",
	    "said already of files of that name");
	bad_part("cache 1d\ncache 2d\n", "said already of all files");
}

/* What is written is read as the same. */
static void
test_dump(void)
{
	struct conf *c = must_load("symlinks off; precompressed gz br\n"
	    "cache 1h; cache *.css a.js 30d; cache \"a b\" no-cache\n"
#ifdef PYKED_ZLIB
	    "gzip text/* image/svg+xml\n"
#endif
	    "server { listen 1; location /x/ { gzip off; precompressed off\n"
	    "  symlinks on; cache *.css off }\n location /y/ { } }\n");
	struct buf first = { 0 }, second = { 0 };
	char *text;

	ok(conf_dump(c, &first) == 0, "a dump");
	conf_free(c);
	text = strndup(buf_head(&first), buf_len(&first));
	c = must_load(text);
	ok(conf_dump(c, &second) == 0 && str_eq(buf_str(&first),
	    buf_str(&second)), "read back as the same");
	has_rules(&c->servers[0].base, "a.js:max-age=2592000 a b:no-cache "
	    "*.css:max-age=2592000 *:max-age=3600");
	has_rules(&c->servers[0].locations[0], "*.css:!");
	has_rules(&c->servers[0].locations[1], "a.js:max-age=2592000 "
	    "a b:no-cache *.css:max-age=2592000 *:max-age=3600");
	conf_free(c);
	free(text);
	buf_free(&first);
	buf_free(&second);
}

int
main(void)
{
	enter();
	test_symlinks();
	test_precompressed();
	test_gzip();
	test_cache();
	test_dump();
	leave();
	return done_testing();
}
