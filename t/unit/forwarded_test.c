/*
 * forwarded: which hop is the client, whatever is written before it; and lists
 * that are split over lines anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "common/conf_trust.h"
#include "t/unit/head_of.h"
#include "t/unit/tap.h"
#include "worker/http/forwarded.h"

#define XFF	"X-Forwarded-For: "
#define FWD	"Forwarded: "

static struct conf conf;
static const struct conf_trust *proxy;

static void
trust(enum conf_forwarded how)
{
	static struct conf_trust trusted[2];

	(void)cidr_parse(STR("2001:db8::/32"), &trusted[0].net);
	(void)cidr_parse(STR("10.0.0.0/8"), &trusted[1].net);
	trusted[0].forwarded = trusted[1].forwarded = how;
	conf.trust = trusted;
	conf.ntrust = 2;
	proxy = &trusted[1];
}

/* "ADDRESS:PORT SCHEME", as far as they are known, or "400". */
static const char *
said(const char *lines)
{
	static const char *const schemes[] = { "", " http", " https" };
	static char text[NET_ADDR_TEXT + 8];
	struct forwarded f;

	if (forwarded_read(&conf, proxy, head_of(lines), &f) != 0)
		return "400";
	(void)strcpy(text, "-");
	if (f.known)
		(void)net_addr_text(&f.peer, text);
	(void)strcat(text, schemes[f.scheme]);
	return text;
}

struct example {
	const char *lines;
	const char *want;
};

static void
test_table(const struct example *e, size_t n)
{
	for (; n > 0; n--, e++) {
		const char *got = said(e->lines);

		ok(strcmp(got, e->want) == 0, "%.*s: %s",
		    (int)strcspn(e->lines, "\r"), e->lines, got);
	}
}

static void
test_x(void)
{
	static const struct example table[] = {
		{ "", "-" },
		{ XFF "192.0.2.7\r\n", "192.0.2.7:0" },
		{ "x-forwarded-for:192.0.2.7\r\n", "192.0.2.7:0" },
		{ XFF "192.0.2.7:4711\r\n", "192.0.2.7:4711" },
		{ XFF "198.51.100.1, 192.0.2.7\r\n", "192.0.2.7:0" },
		{ XFF "192.0.2.7, 10.1.1.1\r\n", "192.0.2.7:0" },
		{ XFF "127.0.0.1, 192.0.2.7, 10.1.1.1, 2001:db8::1\r\n",
		    "192.0.2.7:0" },
		{ XFF "127.0.0.1\r\n" XFF "192.0.2.7\r\n", "192.0.2.7:0" },
		{ XFF "192.0.2.7\r\n" XFF "10.1.1.1\r\n", "192.0.2.7:0" },
		{ XFF "10.2.2.2, 10.1.1.1\r\n", "10.2.2.2:0" },
		{ XFF "192.0.2.7, unknown\r\n", "-" },
		{ XFF "192.0.2.7, unknown, 10.1.1.1\r\n", "10.1.1.1:0" },
		{ XFF "unknown, 192.0.2.7\r\n", "192.0.2.7:0" },
		{ XFF ", ,192.0.2.7, ,\r\n", "192.0.2.7:0" },
		{ XFF "2001:0db9::7\r\n", "[2001:db9::7]:0" },
		{ XFF "[2001:db9::7]:80\r\n", "[2001:db9::7]:80" },
		{ XFF "[2001:db9::7]\r\n", "[2001:db9::7]:0" },
		{ XFF "::ffff:10.1.1.1\r\n", "10.1.1.1:0" },
		{ XFF "192.0.2.7:x\r\n", "-" },
		{ XFF "192.0.2.7:65536\r\n", "-" },
		{ XFF "fe80::1%lo\r\n", "-" },
		{ XFF "192.0.2\r\n", "-" },
		{ XFF "192.0.2.7\r\nX-Forwarded-Proto: https\r\n",
		    "192.0.2.7:0 https" },
		{ XFF "192.0.2.7\r\nX-Forwarded-Proto: https, HTTP\r\n",
		    "192.0.2.7:0 http" },
		{ "X-Forwarded-Proto: https\r\n", "- https" },
		{ "X-Forwarded-Proto: gopher\r\n", "-" },
		{ FWD "for=192.0.2.7;proto=https\r\n", "-" },
	};

	trust(CONF_FORWARDED_X);
	test_table(table, sizeof(table) / sizeof(*table));
}

static void
test_rfc(void)
{
	static const struct example table[] = {
		{ "", "-" },
		{ FWD "for=192.0.2.7\r\n", "192.0.2.7:0" },
		{ FWD "For=\"192.0.2.7:4711\";Proto=https\r\n",
		    "192.0.2.7:4711 https" },
		{ FWD "for=\"[2001:db9::7]:4711\"\r\n", "[2001:db9::7]:4711" },
		{ FWD "for=\"[2001:db9::7]:_port\"\r\n", "[2001:db9::7]:0" },
		{ FWD "proto=http;host=\"a,b;c\";by=_x;for=192.0.2.7\r\n",
		    "192.0.2.7:0 http" },
		{ FWD "for=127.0.0.1;proto=https, for=192.0.2.7\r\n",
		    "192.0.2.7:0" },
		{ FWD "for=192.0.2.7;proto=https , for=10.1.1.1;proto=http\r\n",
		    "192.0.2.7:0 https" },
		{ FWD "for=127.0.0.1\r\n" FWD "for=192.0.2.7\r\n"
		    FWD "for=10.1.1.1\r\n", "192.0.2.7:0" },
		{ FWD "for=192.0.2.7, for=unknown\r\n", "-" },
		{ FWD "for=192.0.2.7, for=_hidden, for=10.1.1.1\r\n",
		    "10.1.1.1:0" },
		{ FWD "for=192.0.2.7, proto=https\r\n", "- https" },
		{ FWD ",, for=192.0.2.7;, ;\r\n", "192.0.2.7:0" },
		{ FWD "for=\"192.0.2.7\r\n" FWD "for=192.0.2.9\r\n", "400" },
		{ FWD "for=\", for=192.0.2.7\r\n", "400" },
		{ FWD "for=\"192.0.2\\.7\"\r\n", "400" },
		{ FWD "for=192.0.2.7 for=192.0.2.8\r\n", "400" },
		{ FWD "for=192.0.2.7;for=192.0.2.8\r\n", "400" },
		{ FWD "for = 192.0.2.7\r\n", "400" },
		{ FWD "for\r\n", "400" },
		{ FWD "=x\r\n", "400" },
		{ FWD "\"for\"=192.0.2.7\r\n", "400" },
		{ FWD "for=[2001:db9::7]\r\n", "400" },
		{ XFF "192.0.2.7\r\nX-Forwarded-Proto: https\r\n", "-" },
	};

	trust(CONF_FORWARDED_RFC);
	test_table(table, sizeof(table) / sizeof(*table));
}

/* A list means the same, at whichever comma it is split into two lines. */
static void
test_split(void)
{
	static const char list[] = "127.0.0.1, 203.0.113.9,192.0.2.7 ,10.1.1.1,"
	    "2001:db8::5";
	char lines[256];
	bool same = true;

	trust(CONF_FORWARDED_X);
	for (size_t i = 0; i < sizeof(list) - 1; i++) {
		if (list[i] != ',')
			continue;
		(void)snprintf(lines, sizeof(lines), XFF "%.*s\r\n" XFF
		    "%s\r\n", (int)i, list, list + i + 1);
		same &= strcmp(said(lines), "192.0.2.7:0") == 0;
	}
	ok(same, "a list in two lines");
}

/* The hops that count are the last ones. */
static void
test_many(void)
{
	char lines[8192] = XFF "127.0.0.1";

	trust(CONF_FORWARDED_X);
	for (int i = 0; i < 500; i++)
		(void)strcat(lines, ",1.2.3.4");
	(void)strcat(lines, ", 192.0.2.7, 10.1.1.1\r\n");
	ok(strcmp(said(lines), "192.0.2.7:0") == 0, "500 made up");
}

int
main(void)
{
	test_x();
	test_rfc();
	test_split();
	test_many();
	return done_testing();
}
