/*
 * redirect, fallback, errors, header, refuse, https and hsts: what they mean,
 * what is refused, what is inherited, and how they are written back.
 */
#include "t/unit/conf_load.h"

static void
test_redirect(void)
{
	static const char *const wrong[] = {
		"redirect 300 /x", "redirect 304 /x", "redirect 30 /x",
		"redirect 3011 /x", "redirect \"1 3\" /x", "redirect /x",
		"redirect 301 //host/x", "redirect 301 x", "redirect 301 \"\"",
		"redirect 301 ftp://host/", "redirect 301 https://",
		"redirect 301 https:///x", "redirect 301 http:///x",
		"redirect 301 https://$rest", "redirect 301 https://h$rest/x",
		"redirect 301 https://h$query", "redirect 301 https://h?a",
		"redirect 301 $rest", "redirect 301 $query",
		"redirect 301 \"/a b\"", "redirect 301 /a\xc3\xa4",
		"redirect 301 \"/a\tb\"", "redirect 301 \"/a\\\\b\"",
		"redirect 301 \"/\\\"\"", "redirect 301 \"/<\"",
		"redirect 301 /$rest$rest$rest$rest$rest$rest$rest$rest",
	};
	static const char *const right[] = {
		"redirect 301 /", "redirect 302 /x//y", "redirect 303 /$rest",
		"redirect 307 https://host", "redirect 308 http://host:1/",
		"redirect 301 https://host/$rest?$query", "redirect off",
		"redirect 301 /$$x", "redirect 301 \"/#a\"",
		"redirect 301 https://[::1]/",
	};
	const struct conf_redirect *r;
	struct conf *c;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok((c = load(wrong[i])) == NULL && errors.n == 1 &&
		    strstr(said(), "pyked.conf:1:1") != NULL, "bad: %s",
		    name_of(wrong[i]));
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		good(right[i]);
	c = must_load("location /old/ { redirect 308 /new/$rest?$query&a }");
	r = &c->servers[0].locations[0].answer.redirect;
	ok(r->status == 308 && r->npieces == 5 && r->skip == 5 && r->cut == 0 &&
	    str_eq(r->piece[0].text, STR("/new/")) &&
	    r->piece[1].kind == CONF_PIECE_REST &&
	    str_eq(r->piece[2].text, STR("?")) &&
	    r->piece[3].kind == CONF_PIECE_QUERY &&
	    str_eq(r->piece[4].text, STR("&a")), "its pieces");
	ok(c->servers[0].base.answer.redirect.status == 0, "for it alone");
	conf_free(c);
	c = must_load("redirect 301 https://a/$rest\n"
	    "location /x/ { redirect off }\n location *.y { listing on }");
	ok(c->servers[0].base.answer.redirect.status == 301 &&
	    c->servers[0].locations[0].answer.redirect.status == 0 &&
	    c->servers[0].locations[1].answer.redirect.skip == 1 &&
	    c->servers[0].locations[1].answer.redirect.cut == 0,
	    "inherited with what its block leaves");
	conf_free(c);
}

static void
test_header(void)
{
	const struct conf_answer *a, *x, *y;
	struct conf *c;

	c = must_load("header A 1; header B \" two; \\\"q\\\" \"\n"
	    "server x { listen 1 tls; certificate a b\n"
	    " hsts 2d subdomains; header A 3\n"
	    " location /x { no header a; header C 4 }\n"
	    " location /y { hsts off } }\n");
	a = &c->servers[0].base.answer;
	x = &c->servers[0].locations[0].answer;
	y = &c->servers[0].locations[1].answer;
	ok(str_eq(a->lines, STR("A: 1\r\nB: two; \"q\"\r\nA: 3\r\n")),
	    "they add");
	ok(str_eq(a->lines_tls, STR("Strict-Transport-Security: "
	    "max-age=172800; includeSubDomains\r\nA: 1\r\nB: two; \"q\"\r\n"
	    "A: 3\r\n")), "hsts with tls alone");
	ok(str_eq(x->lines, STR("B: two; \"q\"\r\nC: 4\r\n")),
	    "no header takes all of a name");
	ok(str_eq(y->lines_tls, a->lines), "hsts off");
	conf_free(c);
	bad("header Content-length 5", 1, "pyked.conf:1:8: \"Content-length\" "
	    "cannot be set\n    1 | header Content-length 5\n"
	    "      |        ^^^^^^^^^^^^^^ leave it out: pyked writes it "
	    "itself\n");
	bad_part("header transfer-encoding x", "cannot be set");
	bad_part("header Connection x", "cannot be set");
	bad_part("header Date x", "cannot be set");
	bad_part("no header Server", "cannot be set");
	bad_part("header Strict-Transport-Security x", "write: hsts 1y");
	bad_part("header Location /x", "write: redirect STATUS TO");
	bad_part("header A: b", "without a colon");
	bad_part("header \"A b\" c", "is not a header field's name");
	bad_part("header \"\" c", "is not a header field's name");
	bad_part("header A \"b\\r\"", "\"\\r\" means nothing");
	bad_part("header A \"b\rc\"", "pyked.conf:1:");
	bad_part("header A \"b\x7f\"", "pyked.conf:1:");
	ok(load("header A \"b\nC: d\"\n") == NULL, "no line within a value");
	bad_part("no footer A", "write header");
}

static void
test_others(void)
{
	struct conf *c;

	good("refuse 404");
	good("refuse close");
	bad_part("refuse 399", "write a status from 400 to 599, or close");
	bad_part("refuse 600", "write a status");
	bad_part("refuse 401", "403 refuses for good");
	bad_part("refuse 444", "write a status");
	bad_part("refuse 4O4", "write a status");
	bad_part("fallback x", "is not the path of a page");
	bad_part("fallback /x?y", "is not the path of a page");
	bad_part("fallback /a/../b", "is not the path of a page");
	bad_part("fallback //a", "is not the path of a page");
	bad_part("errors /", "the whole machine");
	bad_part("https on", "write: https only");
	bad_part("https only 0", "a port is 1 to 65535");
	bad_part("https only 65536", "a port is 1 to 65535");
	bad_part("listen 80; https only", "add \"listen 443 tls\"");
	bad_part("listen 80; location /x { https only }\n"
	    "location /y { https only }", "pyked.conf:1:32: https only");
	bad_part("certificate a b; listen 0 tls; https only",
	    "no listen with tls and a port");
	bad_part("hsts 5", "write a time like 30d or 1y");
	bad_part("hsts 1y all", "write subdomains or preload");
	bad_part("hsts 1y preload", "browsers' lists want");
	bad_part("hsts 1d subdomains preload", "browsers' lists want");
	good("listen 1 tls; certificate a b; hsts 0s");
	good("hsts 1y; trust-proxy unix { forwarded Forwarded }");
	good("hsts off; server a { listen 1; hsts off }");
	good("hsts 1y; server a { listen 1 }\n"
	    "server b { listen 2 tls; certificate a b }");
	bad("hsts 1y", 1, "pyked.conf:1:1: hsts, but no listen with tls: it "
	    "is sent by https alone\n    1 | hsts 1y\n      | ^^^^ add "
	    "\"listen 443 tls\" and \"certificate FILE KEY\", or take hsts "
	    "away\n");
	bad_part("server a { listen 1; hsts 1y\n location /x { index x }\n"
	    " location /y { hsts off } }\n"
	    "server b { listen 2 tls; certificate a b }",
	    "pyked.conf:1:22: hsts, but no listen");
	bad_part("listen 1; location /x { hsts 1d }",
	    "pyked.conf:1:25: hsts, but no listen");
	c = must_load("server a { certificate a b; listen 80; listen 444 tls\n"
	    "listen 443 tls; https only; location /x { https off }\n"
	    "location /y { https only 99 } }");
	ok(c->servers[0].base.answer.https_port == 443 &&
	    !c->servers[0].locations[0].answer.https &&
	    c->servers[0].locations[1].answer.https_port == 99,
	    "the port of https");
	conf_free(c);
}

static void
test_dump(void)
{
	static const char text[] = "header A 1; header B \"x y\"; hsts 1d\n"
	    "errors e; refuse 403; fallback /f\n"
	    "redirect 301 /x/$rest?$query$$x\n"
	    "server a { listen 1 tls; https only 5; hsts off; refuse off\n"
	    "certificate a b; fallback off; redirect off\n"
	    "location /x { no header A; header A 2; refuse close }\n"
	    "location /y { errors f; hsts 1y subdomains preload }\n"
	    "location /z { https off; errors off; redirect 307 https://a/b } }"
	    "\n";
	struct buf first = { 0 }, second = { 0 };
	struct conf *c = must_load(text);

	ok(c->servers[0].base.answer.errors != NULL &&
	    c->servers[0].locations[1].answer.errors !=
	    c->servers[0].base.answer.errors &&
	    c->servers[0].locations[2].answer.errors == NULL, "errors off");
	ok(conf_dump(c, &first) == 0 && buf_put(&first, "", 1) == 0, "dumped");
	conf_free(c);
	c = must_load(buf_head(&first));
	ok(c->servers[0].locations[0].answer.refuse == CONF_REFUSE_CLOSE &&
	    str_eq(c->servers[0].locations[0].answer.lines,
	    STR("B: x y\r\nA: 2\r\n")) &&
	    c->servers[0].base.answer.https_port == 5 &&
	    c->servers[0].base.answer.refuse == 0 &&
	    c->servers[0].base.answer.fallback == NULL &&
	    c->servers[0].base.answer.errors != NULL &&
	    c->servers[0].locations[2].answer.errors == NULL &&
	    c->servers[0].locations[1].answer.hsts_preload, "and read again");
	ok(conf_dump(c, &second) == 0 && buf_put(&second, "", 1) == 0 &&
	    strcmp(buf_head(&first), buf_head(&second)) == 0,
	    "the same again");
	conf_free(c);
	buf_free(&first);
	buf_free(&second);
}

int
main(void)
{
	enter();
	test_redirect();
	test_header();
	test_others();
	test_dump();
	leave();
	return done_testing();
}
