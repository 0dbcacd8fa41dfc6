/*
 * Which proxies are trusted, as a configuration says it; and said again by its
 * dump.
 */
#include "common/conf_trust.h"
#include "t/unit/conf_load.h"

static const struct conf_trust *
find(const struct conf *c, const char *address)
{
	struct net_addr a;

	if (net_addr_parse(str_from(address), 80, &a) == -1)
		a = (struct net_addr){ .family = AF_UNIX };
	return conf_trust_find(c, &a);
}

static void
test_good(void)
{
	static const char text[] =
	    "trust-proxy 10.0.0.0/8 unix { proxy-protocol on }\n"
	    "trust-proxy 10.1.0.0/16 { forwarded X-Forwarded-For }\n"
	    "trust-proxy 2001:db8::/32 10.1.2.3 { forwarded Forwarded }\n"
	    "trust-proxy 192.0.2.1 { forwarded off }\n";
	struct conf *c = must_load(text), *again;
	struct buf first = { 0 }, second = { 0 };

	ok(c->ntrust == 6, "six networks");
	ok(find(c, "10.2.0.1")->proxy_protocol && find(c, "unix")->
	    proxy_protocol, "the PROXY protocol");
	ok(find(c, "10.1.9.9")->forwarded == CONF_FORWARDED_X &&
	    !find(c, "10.1.9.9")->proxy_protocol, "the narrower one counts");
	ok(find(c, "10.1.2.3")->forwarded == CONF_FORWARDED_RFC &&
	    find(c, "2001:db8::9")->forwarded == CONF_FORWARDED_RFC,
	    "Forwarded");
	ok(find(c, "192.0.2.1")->forwarded == CONF_FORWARDED_OFF,
	    "a hop that says nothing itself");
	ok(find(c, "192.0.2.2") == NULL && find(c, "::1") == NULL, "others");
	ok(conf_dump(c, &first) == 0 && buf_put(&first, "", 1) == 0,
	    "it is dumped");
	conf_free(c);
	again = must_load(buf_head(&first));
	ok(conf_dump(again, &second) == 0 && buf_put(&second, "", 1) == 0 &&
	    strcmp(buf_head(&first), buf_head(&second)) == 0 &&
	    again->ntrust == 6, "... and read again");
	conf_free(again);
	buf_free(&first);
	buf_free(&second);
	c = must_load("");
	ok(c->ntrust == 0 && find(c, "10.0.0.1") == NULL, "nobody by default");
	conf_free(c);
}

static void
test_bad(void)
{
	bad_part("trust-proxy 10.0.0.1/8 { forwarded off }\n",
	    "is an address in a network");
	bad_part("trust-proxy proxy.example { forwarded off }\n",
	    "is not a network");
	bad_part("trust-proxy 10.0.0.1\n", "trust-proxy");
	bad_part("trust-proxy 10.0.0.1 { forwarded off }\n"
	    "trust-proxy 10.0.0.1 { forwarded off }\n",
	    "this network was given already at pyked.conf:1");
	bad_part("trust-proxy 10.0.0.1 { forwarded x-real-ip }\n",
	    "x-real-ip");
	bad_part("trust-proxy 10.0.0.1 { proxy-protocol on; forwarded "
	    "Forwarded }\n", "forwarded would be for nothing");
	bad("trust-proxy 10.0.0.1 { }\n", 1, "pyked.conf:1:1: trust-proxy with "
	    "an empty block: its proxies say nothing\n"
	    "    1 | trust-proxy 10.0.0.1 { }\n"
	    "      | ^^^^^^^^^^^ write proxy-protocol on or forwarded "
	    "X-Forwarded-For into it; or forwarded off, for a proxy behind "
	    "another\n");
	bad_part("proxy-protocol on\n", "trust-proxy block");
	bad_part("server a { listen 1; trust-proxy unix { forwarded off } }\n",
	    "trust-proxy");
}

int
main(void)
{
	enter();
	test_good();
	test_bad();
	leave();
	return done_testing();
}
