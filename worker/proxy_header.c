/*
 * The PROXY protocol (haproxy's doc/proxy-protocol.txt).
 */
#include "worker/proxy_header.h"

#include <stdint.h>
#include <string.h>

#include "common/str.h"

#define V1_MAX		107	/* bytes with CRLF */
#define V2_FIXED	16	/* signature, command, family, length */
#define V2_LOCAL	0x20	/* version 2, and the command */
#define V2_PROXY	0x21
#define TLV_HEAD	3	/* type, length */
#define TLV_SSL		0x20
#define SSL_FIXED	5	/* of its value: bits, the verdict */
#define SSL_CLIENT	0x01	/* the client came by TLS */

static const char v1_start[] = "PROXY ";
static const char v2_start[] = "\r\n\r\n\0\r\nQUIT\n";

/* --- version 1: a line --- */

static bool
take_word(struct str *rest, struct str *word)
{
	const char *space = memchr(rest->p, ' ', rest->n);

	*word = *rest;
	if (space == NULL) {
		rest->n = 0;
	} else {
		word->n = (size_t)(space - rest->p);
		*rest = (struct str){ space + 1, rest->n - word->n - 1 };
	}
	return word->n > 0;
}

static bool
read_address(struct str host, struct str port, sa_family_t family,
    struct net_addr *out)
{
	uint64_t n;

	return host.p[0] != '[' && memchr(host.p, '%', host.n) == NULL &&
	    str_u64(port, UINT16_MAX, &n) == 0 &&
	    net_addr_parse(host, (uint16_t)n, out) == 0 &&
	    out->family == family;
}

/* "TCP4 192.0.2.7 192.0.2.1 4711 443", or "UNKNOWN" and anything. */
static bool
read_v1(struct str line, struct proxy_header *out)
{
	struct str family, peer, local, peer_port, local_port;
	sa_family_t af;

	if (!take_word(&line, &family))
		return false;
	if (str_eq(family, STR("UNKNOWN")))
		return true;
	af = str_eq(family, STR("TCP4")) ? AF_INET :
	    str_eq(family, STR("TCP6")) ? AF_INET6 : AF_UNSPEC;
	out->known = true;
	return af != AF_UNSPEC && take_word(&line, &peer) &&
	    take_word(&line, &local) && take_word(&line, &peer_port) &&
	    take_word(&line, &local_port) && line.n == 0 &&
	    local_port.p[local_port.n] == '\r' &&
	    read_address(peer, peer_port, af, &out->peer) &&
	    read_address(local, local_port, af, &out->local);
}

static enum proxy_parse
parse_v1(const char *p, size_t n, struct proxy_header *out, size_t *used)
{
	size_t seen = n < V1_MAX ? n : V1_MAX;
	const char *cr = memchr(p, '\r', seen);
	struct str line = { p + strlen(v1_start), 0 };

	if (memchr(p, '\n', cr == NULL ? seen : (size_t)(cr - p)) != NULL)
		return PROXY_BAD;
	if (cr == NULL || cr + 1 == p + seen)
		return seen == V1_MAX ? PROXY_BAD : PROXY_PARTIAL;
	line.n = (size_t)(cr - line.p);
	if (cr[1] != '\n' || !read_v1(line, out))
		return PROXY_BAD;
	*used = (size_t)(cr + 2 - p);
	return PROXY_COMPLETE;
}

/* --- version 2: binary --- */

static size_t
number16(const char *p)
{
	return (size_t)(uint8_t)p[0] << 8 | (uint8_t)p[1];
}

/* Two addresses, two ports. */
static void
read_pair(const char *p, sa_family_t family, struct proxy_header *out)
{
	if (family == AF_INET) {
		out->peer.in4.sin_family = out->local.in4.sin_family = family;
		memcpy(&out->peer.in4.sin_addr, p, 4);
		memcpy(&out->local.in4.sin_addr, p + 4, 4);
		memcpy(&out->peer.in4.sin_port, p + 8, 2);
		memcpy(&out->local.in4.sin_port, p + 10, 2);
		return;
	}
	out->peer.in6.sin6_family = out->local.in6.sin6_family = family;
	memcpy(&out->peer.in6.sin6_addr, p, 16);
	memcpy(&out->local.in6.sin6_addr, p + 16, 16);
	memcpy(&out->peer.in6.sin6_port, p + 32, 2);
	memcpy(&out->local.in6.sin6_port, p + 34, 2);
}

/* What goes with the addresses; of interest is whether there was TLS. */
static bool
read_tlvs(const char *p, size_t n, struct proxy_header *out)
{
	size_t len;

	for (; n > 0; p += TLV_HEAD + len, n -= TLV_HEAD + len) {
		if (n < TLV_HEAD)
			return false;
		len = number16(p + 1);
		if (len > n - TLV_HEAD)
			return false;
		if ((uint8_t)p[0] != TLV_SSL)
			continue;
		if (len < SSL_FIXED)
			return false;
		out->tls = (p[TLV_HEAD] & SSL_CLIENT) != 0;
	}
	return true;
}

static bool
read_v2(const char *p, size_t n, struct proxy_header *out)
{
	static const struct {
		uint8_t family;
		sa_family_t af;
		size_t n;
	} families[] = { { 0x11, AF_INET, 12 }, { 0x21, AF_INET6, 36 },
	    { 0x31, AF_UNIX, 216 } };
	uint8_t family = (uint8_t)p[13];
	size_t i;

	p += V2_FIXED;
	if (family == 0)		/* unspecified: anything may follow */
		return true;
	for (i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (families[i].family != family || families[i].n > n)
			continue;
		out->known = true;
		if (families[i].af == AF_UNIX)
			out->peer.family = out->local.family = AF_UNIX;
		else
			read_pair(p, families[i].af, out);
		return read_tlvs(p + families[i].n, n - families[i].n, out);
	}
	return false;
}

static enum proxy_parse
parse_v2(const char *p, size_t n, struct proxy_header *out, size_t *used)
{
	bool local = n > 12 && p[12] == V2_LOCAL;
	size_t len;

	if (n > 12 && !local && p[12] != V2_PROXY)
		return PROXY_BAD;
	if (n < V2_FIXED)
		return PROXY_PARTIAL;
	len = number16(p + 14);
	if (len > PROXY_HEADER_MAX - V2_FIXED)
		return PROXY_BAD;
	if (n - V2_FIXED < len)
		return PROXY_PARTIAL;
	if (!local && !read_v2(p, len, out))
		return PROXY_BAD;
	*used = V2_FIXED + len;
	return PROXY_COMPLETE;
}

/* --- both --- */

/* Do p and start begin alike, as far as both go? */
static bool
begins(const char *p, size_t n, const char *start, size_t len)
{
	return memcmp(p, start, n < len ? n : len) == 0;
}

enum proxy_parse
proxy_header_parse(const char *p, size_t n, struct proxy_header *out,
    size_t *used)
{
	size_t v1 = sizeof(v1_start) - 1, v2 = sizeof(v2_start) - 1;

	memset(out, 0, sizeof(*out));
	*used = 0;
	if (n == 0)
		return PROXY_PARTIAL;
	if (begins(p, n, v1_start, v1))
		return n < v1 ? PROXY_PARTIAL : parse_v1(p, n, out, used);
	if (begins(p, n, v2_start, v2))
		return parse_v2(p, n, out, used);
	return PROXY_BAD;
}
