/* Networks of clients. */
#include "common/cidr.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/net.h"

#define MAPPED_BITS	96		/* of ::ffff:0:0/96 */

static unsigned
width(enum cidr_kind kind)
{
	if (kind == CIDR_V4)
		return 32;
	return kind == CIDR_V6 ? 128 : 0;
}

/* Clears what does not count; true when there was anything. */
static bool
cut(struct cidr *net)
{
	bool found = false;
	unsigned i;

	for (i = net->bits / 8; i < sizeof(net->addr); i++) {
		uint8_t keep = i > net->bits / 8 ? 0 :
		    (uint8_t)~(0xffu >> net->bits % 8);

		found |= (net->addr[i] & ~keep) != 0;
		net->addr[i] &= keep;
	}
	return found;
}

static bool
is_mapped(const struct cidr *net)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return net->kind == CIDR_V6 && net->bits >= MAPPED_BITS &&
	    memcmp(net->addr, prefix, sizeof(prefix)) == 0;
}

static void
unmap(struct cidr *net)
{
	memmove(net->addr, net->addr + 12, 4);
	memset(net->addr + 4, 0, sizeof(net->addr) - 4);
	net->kind = CIDR_V4;
	net->bits -= MAPPED_BITS;
}

/* An address without a link's name, which says nothing of who is there. */
static bool
parse_address(struct str text, struct cidr *out)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(copy) ||
	    memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	out->kind = strchr(copy, ':') == NULL ? CIDR_V4 : CIDR_V6;
	out->bits = width(out->kind);
	return inet_pton(out->kind == CIDR_V4 ? AF_INET : AF_INET6, copy,
	    out->addr) == 1;
}

static enum cidr_fault
parse_network(struct str text, struct cidr *out)
{
	const char *slash = memchr(text.p, '/', text.n);
	struct str host = text;
	uint64_t bits;

	if (slash != NULL)
		host.n = (size_t)(slash - text.p);
	if (!parse_address(host, out))
		return CIDR_BAD;
	if (slash == NULL)
		return CIDR_FINE;
	if (str_u64((struct str){ slash + 1, text.n - host.n - 1 }, 999,
	    &bits) == -1)
		return CIDR_BAD;
	if (bits > out->bits)
		return CIDR_LONG;
	out->bits = (unsigned)bits;
	return cut(out) ? CIDR_HOST_BITS : CIDR_FINE;
}

enum cidr_fault
cidr_parse(struct str text, struct cidr *out)
{
	enum cidr_fault fault;

	*out = (struct cidr){ .kind = CIDR_NONE };
	if (str_eq(text, STR("all")) || str_eq(text, STR("unix"))) {
		out->kind = text.p[0] == 'a' ? CIDR_ALL : CIDR_UNIX;
		return CIDR_FINE;
	}
	if (text.n == 0)
		return CIDR_BAD;
	fault = parse_network(text, out);
	if (fault == CIDR_BAD || fault == CIDR_LONG || !is_mapped(out))
		return fault;
	unmap(out);
	return CIDR_MAPPED;
}

size_t
cidr_text(const struct cidr *net, char text[CIDR_TEXT])
{
	char host[INET6_ADDRSTRLEN];
	int n;

	if (width(net->kind) == 0) {
		n = snprintf(text, CIDR_TEXT, "%s", net->kind == CIDR_ALL ?
		    "all" : net->kind == CIDR_UNIX ? "unix" : "none");
		return (size_t)n;
	}
	(void)inet_ntop(net->kind == CIDR_V4 ? AF_INET : AF_INET6, net->addr,
	    host, sizeof(host));
	if (net->bits == width(net->kind))
		n = snprintf(text, CIDR_TEXT, "%s", host);
	else
		n = snprintf(text, CIDR_TEXT, "%s/%u", host, net->bits);
	assert(n > 0 && n < CIDR_TEXT);
	return (size_t)n;
}

struct cidr
cidr_of(const struct net_addr *a)
{
	struct cidr client = { .kind = CIDR_NONE };

	if (a->family == AF_INET) {
		client.kind = CIDR_V4;
		memcpy(client.addr, &a->in4.sin_addr, 4);
	} else if (a->family == AF_INET6) {
		client.kind = CIDR_V6;
		memcpy(client.addr, &a->in6.sin6_addr, 16);
	} else if (a->family == AF_UNIX) {
		client.kind = CIDR_UNIX;
	}
	client.bits = width(client.kind);
	if (is_mapped(&client))
		unmap(&client);
	return client;
}

bool
cidr_has(const struct cidr *net, const struct cidr *client)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (net->kind == CIDR_ALL)
		return true;
	if (net->kind != client->kind || net->kind == CIDR_NONE ||
	    memcmp(net->addr, client->addr, whole) != 0)
		return false;
	return rest == 0 ||
	    ((net->addr[whole] ^ client->addr[whole]) >> (8 - rest)) == 0;
}

int
cidr_order(const struct cidr *a, const struct cidr *b)
{
	/* ALL, which holds every other, comes last. */
	if (a->kind != b->kind)
		return a->kind > b->kind ? -1 : 1;
	if (a->bits != b->bits)
		return a->bits > b->bits ? -1 : 1;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}
