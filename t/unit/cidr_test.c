/* cidr: what is a network, who is in it, and which is the narrower one. */
#include <arpa/inet.h>
#include <string.h>

#include "common/cidr.h"
#include "common/net.h"
#include "t/unit/tap.h"

static struct cidr
net(const char *text)
{
	struct cidr out;

	if (cidr_parse(str_from(text), &out) != CIDR_FINE)
		out.kind = CIDR_NONE;
	return out;
}

static struct cidr
client(const char *text)
{
	struct net_addr a;

	if (net_addr_parse(str_from(text), 80, &a) == -1)
		a.family = AF_UNSPEC;
	return cidr_of(&a);
}

static void
test_parse(void)
{
	static const struct {
		const char *text;
		enum cidr_fault fault;
		const char *out;
	} table[] = {
		{ "192.0.2.0/24", CIDR_FINE, "192.0.2.0/24" },
		{ "192.0.2.7", CIDR_FINE, "192.0.2.7" },
		{ "192.0.2.7/32", CIDR_FINE, "192.0.2.7" },
		{ "0.0.0.0/0", CIDR_FINE, "0.0.0.0/0" },
		{ "10.128.0.0/9", CIDR_FINE, "10.128.0.0/9" },
		{ "2001:DB8::/32", CIDR_FINE, "2001:db8::/32" },
		{ "::1", CIDR_FINE, "::1" },
		{ "::/0", CIDR_FINE, "::/0" },
		{ "unix", CIDR_FINE, "unix" },
		{ "all", CIDR_FINE, "all" },
		{ "192.0.2.7/24", CIDR_HOST_BITS, "192.0.2.0/24" },
		{ "10.192.0.0/9", CIDR_HOST_BITS, "10.128.0.0/9" },
		{ "2001:db8::1/64", CIDR_HOST_BITS, "2001:db8::/64" },
		{ "::ffff:192.0.2.7", CIDR_MAPPED, "192.0.2.7" },
		{ "::ffff:10.0.0.0/104", CIDR_MAPPED, "10.0.0.0/8" },
		{ "::ffff:10.0.0.1/104", CIDR_MAPPED, "10.0.0.0/8" },
		{ "192.0.2.0/33", CIDR_LONG, NULL },
		{ "::/129", CIDR_LONG, NULL },
	};
	static const char *const bad[] = { "", "/", "/8", "10/8", "10.0.0/8",
	    "192.0.2.0/", "192.0.2.0/ 8", "192.0.2.0/-1", "192.0.2.0/8/8",
	    "192.0.2.0/1000", "192.0.2.256", "[::1]", "fe80::1%lo", "ALL",
	    "localhost", "192.0.2.0/24 ", ":", "unix:", "012.0.0.1",
	    "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };
	char text[CIDR_TEXT];
	struct cidr out;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool same = cidr_parse(str_from(table[i].text), &out) ==
		    table[i].fault;

		if (table[i].out != NULL)
			same &= cidr_text(&out, text) == strlen(table[i].out)
			    && strcmp(text, table[i].out) == 0;
		ok(same, "%s", table[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(cidr_parse(str_from(bad[i]), &out) == CIDR_BAD,
		    "\"%s\" is none", bad[i]);
}

static void
test_has(void)
{
	static const struct {
		const char *net, *client;
		bool has;
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "10.128.0.0/9", "10.255.0.1", true },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", false },
		{ "::/0", "::ffff:203.0.113.9", false },
		{ "203.0.113.0/24", "::ffff:203.0.113.9", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "::1", "::1", true },
		{ "all", "::1", true },
		{ "all", "192.0.2.1", true },
		{ "unix", "192.0.2.1", false },
	};
	struct net_addr sock = { .family = AF_UNIX }, none = { .family = 0 };
	struct cidr u = cidr_of(&sock), n = cidr_of(&none), all = net("all"),
	    any = net("0.0.0.0/0"), local = net("unix");

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct cidr a = net(table[i].net), b = client(table[i].client);

		ok(cidr_has(&a, &b) == table[i].has, "%s %s %s", table[i].net,
		    table[i].has ? "has" : "has not", table[i].client);
	}
	ok(cidr_has(&local, &u) && cidr_has(&all, &u) && !cidr_has(&any, &u),
	    "a UNIX socket's client is in unix and all");
	ok(!cidr_has(&local, &n) && !cidr_has(&any, &n) && !cidr_has(&n, &n) &&
	    cidr_has(&all, &n), "an unknown one in all alone");
}

static void
test_order(void)
{
	static const char *const sorted[] = { "2001:db8::1", "2001:db8::/32",
	    "::/0", "192.0.2.1", "192.0.2.2", "192.0.2.0/24", "192.0.0.0/16",
	    "0.0.0.0/0", "unix", "all" };
	size_t n = sizeof(sorted) / sizeof(*sorted);

	for (size_t i = 0; i < n; i++) {
		struct cidr a = net(sorted[i]);

		ok(cidr_order(&a, &a) == 0, "%s is itself", sorted[i]);
		for (size_t k = i + 1; k < n; k++) {
			struct cidr b = net(sorted[k]);

			ok(cidr_order(&a, &b) < 0 && cidr_order(&b, &a) > 0,
			    "%s before %s", sorted[i], sorted[k]);
		}
	}
}

int
main(void)
{
	test_parse();
	test_has();
	test_order();
	return done_testing();
}
