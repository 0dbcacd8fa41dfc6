/* auth_slow: failures by address: counted, put off, forgotten, bounded. */
#include "common/net.h"
#include "t/unit/tap.h"
#include "worker/serve/auth_slow.h"

static struct cidr
client(const char *text)
{
	struct net_addr a;

	(void)net_addr_parse(str_from(text), 80, &a);
	return cidr_of(&a);
}

static struct mono
at(int64_t ms)
{
	return (struct mono){ 1000000 + ms * 1000 };
}

static void
test_count(void)
{
	static const int64_t want[] = { 100, 200, 400, 800, 1600, 3200, 6400,
	    10000, 10000, 10000 };
	struct cidr c = client("192.0.2.1");
	struct auth_slow *s = auth_slow_begin(&c, at(0));

	ok(auth_slow_is_clean(s), "clean");
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		int64_t ms = auth_slow_failed(s, at(0));

		ok(ms == want[i], "failure %zu: %lld ms", i, (long long)ms);
	}
	ok(!auth_slow_is_clean(s), "not clean any more");
	auth_slow_end(s);
	s = auth_slow_begin(&c, at(2 * 30000 + 10));
	ok(auth_slow_failed(s, at(2 * 30000 + 10)) == 6400,
	    "two are forgotten after a minute");
	auth_slow_end(s);
	s = auth_slow_begin(&c, at(60 * 60000));
	ok(auth_slow_is_clean(s), "all of them after an hour");
	auth_slow_end(s);
}

static void
test_checks(void)
{
	struct cidr a = client("2001:db8:0:1::1"),
	    b = client("2001:db8:0:1::f"), c = client("2001:db8:0:2::1"),
	    mapped = client("::ffff:192.0.2.9"), four = client("192.0.2.9");
	struct auth_slow *s[AUTH_SLOW_CHECKS], *other;
	int i;

	for (i = 0; i < AUTH_SLOW_CHECKS; i++)
		s[i] = auth_slow_begin(i % 2 == 0 ? &a : &b, at(0));
	ok(s[0] != NULL && s[0] == s[AUTH_SLOW_CHECKS - 1],
	    "a /64 is one client");
	ok(auth_slow_begin(&b, at(0)) == NULL, "which has its checks");
	other = auth_slow_begin(&c, at(0));
	ok(other != NULL && other != s[0], "another one has its own");
	auth_slow_end(other);
	auth_slow_end(s[0]);
	ok(auth_slow_begin(&b, at(0)) == s[0], "when one is over the next may "
	    "begin");
	for (i = 0; i < AUTH_SLOW_CHECKS; i++)
		auth_slow_end(s[i]);
	s[0] = auth_slow_begin(&mapped, at(0));
	s[1] = auth_slow_begin(&four, at(0));
	ok(s[0] == s[1], "IPv4 in IPv6 is IPv4");
	auth_slow_end(s[0]);
	auth_slow_end(s[1]);
}

/* However many come, those with a check under way keep their entry. */
static void
test_many(void)
{
	struct cidr c = client("198.51.100.1"), guest;
	struct auth_slow *s = auth_slow_begin(&c, at(0)), *g;
	unsigned refused = 0;
	char text[32];

	(void)auth_slow_failed(s, at(0));
	for (unsigned i = 0; i < 200000; i++) {
		(void)snprintf(text, sizeof(text), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		guest = client(text);
		g = auth_slow_begin(&guest, at(i));
		if (g == NULL)
			refused++;
		else {
			(void)auth_slow_failed(g, at(i));
			auth_slow_end(g);
		}
	}
	ok(refused == 0, "200000 addresses pass through");
	ok(cidr_order(&s->client, &c) == 0, "one that is busy stays");
	auth_slow_end(s);
}

int
main(void)
{
	ok(auth_slow_open() == 0, "opened");
	test_count();
	test_checks();
	test_many();
	return done_testing();
}
