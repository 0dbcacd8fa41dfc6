/*
 * proxy_header: headers of both versions, split at every byte, and what is
 * none.
 */
#include <stdlib.h>
#include <string.h>

#include "t/unit/edge.h"
#include "t/unit/tap.h"
#include "worker/proxy_header.h"

#define SIG	"\r\n\r\n\0\r\nQUIT\n"
#define V4	"\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x01\xbb"
#define V6	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07" \
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" "\x12\x67\x01\xbb"

static const struct {
	const char *name;
	const char *p;
	size_t n;
	const char *peer;		/* "" = not known */
	const char *local;
	bool tls;
} good[] = {
#define GOOD(name, text, ...)	{ name, text, sizeof(text) - 1, __VA_ARGS__ }
	GOOD("v1, IPv4", "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n",
	    "192.0.2.7:4711", "192.0.2.1:443", false),
	GOOD("v1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n",
	    "[2001:db8::7]:4711", "[2001:db8::1]:443", false),
	GOOD("v1, the longest", "PROXY TCP6 "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", false),
	GOOD("v1, unknown", "PROXY UNKNOWN\r\n", "", "", false),
	GOOD("v1, unknown and more", "PROXY UNKNOWN a  b\tc\r\n", "", "",
	    false),
	GOOD("v2, IPv4", SIG "\x21\x11\0\x0c" V4, "192.0.2.7:4711",
	    "192.0.2.1:443", false),
	GOOD("v2, IPv6", SIG "\x21\x21\0\x24" V6, "[2001:db8::7]:4711",
	    "[2001:db8::1]:443", false),
	GOOD("v2, local", SIG "\x20\0\0\0", "", "", false),
	GOOD("v2, local, what follows is skipped", SIG "\x20\x11\0\x02xx", "",
	    "", false),
	GOOD("v2, unspecified", SIG "\x21\0\0\x03xyz", "", "", false),
	GOOD("v2, TLVs", SIG "\x21\x11\0\x15" V4 "\x04\0\x01x" "\x01\0\x02h2",
	    "192.0.2.7:4711", "192.0.2.1:443", false),
	GOOD("v2, by TLS", SIG "\x21\x11\0\x1b" V4 "\x20\0\x0c\x01\0\0\0\0"
	    "\x21\0\x04v1.3", "192.0.2.7:4711", "192.0.2.1:443", true),
	GOOD("v2, SSL without TLS", SIG "\x21\x11\0\x14" V4
	    "\x20\0\x05\0\0\0\0\0", "192.0.2.7:4711", "192.0.2.1:443", false),
};

static const struct {
	const char *name;
	const char *p;
	size_t n;
} bad[] = {
#define BAD(name, text)		{ name, text, sizeof(text) - 1 }
	BAD("a request", "GET / HTTP/1.1\r\n"),
	BAD("TLS", "\x16\x03\x01"),
	BAD("small letters", "proxy TCP4"),
	BAD("v1, no family", "PROXY  192.0.2.7\r\n"),
	BAD("v1, UDP", "PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n"),
	BAD("v1, the other family", "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n"),
	BAD("v1, no address", "PROXY TCP4 192.0.2.x 192.0.2.1 1 2\r\n"),
	BAD("v1, brackets", "PROXY TCP6 [::1] ::1 1 2\r\n"),
	BAD("v1, a link", "PROXY TCP6 fe80::1%lo ::1 1 2\r\n"),
	BAD("v1, a port too large", "PROXY TCP4 192.0.2.7 192.0.2.1 65536 "
	    "2\r\n"),
	BAD("v1, a sign", "PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n"),
	BAD("v1, a port missing", "PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n"),
	BAD("v1, too much", "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n"),
	BAD("v1, a blank", "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n"),
	BAD("v1, two blanks", "PROXY TCP4 192.0.2.7  192.0.2.1 1 2\r\n"),
	BAD("v1, LF alone", "PROXY UNKNOWN\n"),
	BAD("v1, CR alone", "PROXY UNKNOWN\rx"),
	BAD("v1, 108 bytes", "PROXY UNKNOWN 56789012345678901234567890"
	    "123456789012345678901234567890123456789012345678901234567890"
	    "123456\r\n"),
	BAD("v2, version 3", SIG "\x31"),
	BAD("v2, an unknown command", SIG "\x22"),
	BAD("v2, UDP", SIG "\x21\x12\0\x0c" V4),
	BAD("v2, too short for its family", SIG "\x21\x11\0\x0bxxxxxxxxxxx"),
	BAD("v2, more than the limit", SIG "\x21\x11\x0f\xf1"),
	BAD("v2, a TLV without length", SIG "\x21\x11\0\x0e" V4 "\x04\0"),
	BAD("v2, a TLV beyond the end", SIG "\x21\x11\0\x10" V4
	    "\x04\0\x02x"),
	BAD("v2, SSL without its bits", SIG "\x21\x11\0\x13" V4
	    "\x20\0\x04\1\0\0\0"),
};

static bool
reads(const struct net_addr *a, const char *want)
{
	char text[NET_ADDR_TEXT];

	if (*want == '\0')
		return a->family == AF_UNSPEC;
	(void)net_addr_text(a, text);
	return strcmp(text, want) == 0;
}

static void
test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct proxy_header h;
		size_t used, n;
		bool partial = true;
		char more[256];

		for (n = 0; n < good[i].n; n++)
			partial &= proxy_header_parse(edge_put(good[i].p, n), n,
			    &h, &used) == PROXY_PARTIAL;
		ok(partial, "%s: no prefix of it is enough", good[i].name);
		memcpy(more, good[i].p, n);
		memcpy(more + n, "PROXY", 5);
		ok(proxy_header_parse(edge_put(more, n + 5), n + 5, &h,
		    &used) == PROXY_COMPLETE && used == n,
		    "%s: what is behind is not its own", good[i].name);
		ok(proxy_header_parse(edge_put(more, n), n, &h, &used) ==
		    PROXY_COMPLETE && used == n &&
		    h.known == (*good[i].peer != '\0') &&
		    reads(&h.peer, good[i].peer) &&
		    reads(&h.local, good[i].local) && h.tls == good[i].tls,
		    "%s: what it says", good[i].name);
	}
}

/* Bad at the end, and by then: never complete before. */
static void
test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct proxy_header h;
		bool never = true;
		size_t used, n;

		for (n = 0; n < bad[i].n; n++)
			never &= proxy_header_parse(edge_put(bad[i].p, n), n,
			    &h, &used) != PROXY_COMPLETE;
		ok(never && proxy_header_parse(edge_put(bad[i].p, n), n, &h,
		    &used) == PROXY_BAD, "%s", bad[i].name);
	}
}

static void
test_sizes(void)
{
	static char text[PROXY_HEADER_MAX] = SIG "\x20\0\x0f\xf0";
	struct proxy_header h;
	size_t used;

	ok(proxy_header_parse(edge_put(text, sizeof(text)), sizeof(text), &h,
	    &used) == PROXY_COMPLETE && used == sizeof(text),
	    "as long as may be");
	memcpy(text, SIG "\x21\x31\0\xd8", 16);
	ok(proxy_header_parse(edge_put(text, 16 + 216), 16 + 216, &h, &used) ==
	    PROXY_COMPLETE && h.known && h.peer.family == AF_UNIX &&
	    h.local.family == AF_UNIX, "UNIX sockets");
}

int
main(void)
{
	test_good();
	test_bad();
	test_sizes();
	return done_testing();
}
