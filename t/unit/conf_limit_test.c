/*
 * What one client may have, as a configuration says it; and said again by its
 * dump.
 */
#include "common/conf_limit.h"
#include "t/unit/conf_load.h"

static const char text[] =
    "limits { per-ip 9 }\n"
    "limit rate 5/s burst 20 per ip\n"
    "server a { listen 1\n"
    "    limit bandwidth 1m per ip\n"
    "    location /x { limit rate 100/m per ip }\n"
    "    location /y { limit rate off; limit bandwidth off }\n"
    "}\n"
    "server b { listen 1; limit rate 3/s per ip }\n";

static void
test_good(void)
{
	struct conf *c = must_load(text);
	const struct conf_server *s = c->servers;
	const struct conf_limit *l = s[0].base.rate;

	ok(c->limits.per_ip == 9 && c->nlimits == 6, "six and a number");
	ok(l->kind == CONF_LIMIT_RATE && l->cost_ns == 200000000 &&
	    l->burst_ns == 20 * l->cost_ns, "5 a second, 20 at once");
	ok(s[0].base.bandwidth->n == 1 << 20 &&
	    s[0].locations[0].bandwidth == s[0].base.bandwidth &&
	    s[1].base.bandwidth == NULL, "bytes a second");
	l = s[0].locations[0].rate;
	ok(l->cost_ns == 600000000 && l->burst == 1, "100 a minute");
	ok(s[0].locations[1].rate->kind == CONF_LIMIT_NONE &&
	    s[0].locations[1].bandwidth->kind == CONF_LIMIT_NONE, "none");
	ok(s[1].base.rate->burst == 3, "as many at once as in a second");
	ok(s[1].base.rate->id != l->id, "each counts for itself");
	conf_free(c);
}

static void
test_dump(void)
{
	struct buf first = { 0 }, second = { 0 };
	struct conf *c = must_load(text);

	ok(conf_dump(c, &first) == 0 && buf_put(&first, "", 1) == 0,
	    "it is dumped");
	conf_free(c);
	c = must_load(buf_head(&first));
	ok(conf_dump(c, &second) == 0 && buf_put(&second, "", 1) == 0 &&
	    strcmp(buf_head(&first), buf_head(&second)) == 0 &&
	    c->nlimits == 6, "... and read again");
	conf_free(c);
	buf_free(&first);
	buf_free(&second);
}

static void
test_bad(void)
{
	static const char *const rates[] = { "5", "5/d", "0/s", "/s", "-1/s",
	    "1.5/s", "1000001/s", "s" };
	char line[80];

	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		(void)snprintf(line, sizeof(line), "limit rate %s per ip\n",
		    rates[i]);
		bad_part(line, "is not a rate");
	}
	bad_part("limit rate 5/s burst 0 per ip\n", "is not a burst");
	bad_part("limit rate 5/s burst x per ip\n", "is not a burst");
	bad_part("limit rate 5/s\n", "ends with \"per ip\"");
	bad_part("limit rate 5/s burst 20\n", "ends with \"per ip\"");
	bad_part("limit rate 5/s per host\n", "ends with \"per ip\"");
	bad_part("limit rate 5/s per ip burst 20\n", "ends with \"per ip\"");
	bad_part("limit bandwidth 1000 per ip\n", "does not fit here");
	bad_part("limit bandwidth 1m burst 9 per ip\n",
	    "ends with \"per ip\"");
	bad_part("limit requests 5/s per ip\n", "requests");
	bad_part("limit rate 5/s per ip\nlimit rate 6/s per ip\n",
	    "this limit was given already at pyked.conf:1");
	bad_part("limits { per-ip 65536 }\n", "65535");
}

int
main(void)
{
	enter();
	test_good();
	test_dump();
	test_bad();
	leave();
	return done_testing();
}
