/*
 * cidr: networks of clients: "192.0.2.0/24", "2001:db8::/32", "unix", "all".
 *
 * Pure. An IPv4 address is the same whether it came as itself or mapped into
 * IPv6: both match IPv4 networks only.
 */
#ifndef COMMON_CIDR_H
#define COMMON_CIDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct net_addr;

enum cidr_kind {
	CIDR_NONE,			/* no client is in it */
	CIDR_ALL,			/* every client is */
	CIDR_UNIX,			/* clients of UNIX sockets */
	CIDR_V4,
	CIDR_V6
};

struct cidr {
	enum cidr_kind kind;
	unsigned bits;			/* of addr that count */
	uint8_t addr[16];		/* in network order, the rest zero; V4
					 * has four bytes */
};

/* What is wrong with a text. */
enum cidr_fault {
	CIDR_FINE,
	CIDR_BAD,			/* it is no network at all */
	CIDR_LONG,			/* more bits than such an address has */
	CIDR_HOST_BITS,			/* bits are set that do not count; *out
					 * is the network without them */
	CIDR_MAPPED			/* IPv4 in IPv6; *out is the IPv4 one */
};

#define CIDR_TEXT	52		/* with its NUL */

/* Reads a network, or an address alone. */
enum cidr_fault cidr_parse(struct str text, struct cidr *out);
/* Writes it as cidr_parse reads it: an address alone when all bits count. */
size_t	cidr_text(const struct cidr *net, char text[CIDR_TEXT]);
/* The network that holds this client alone; NONE for an unknown family. */
struct cidr cidr_of(const struct net_addr *a);
/* Is the client, as cidr_of says it, in net? */
bool	cidr_has(const struct cidr *net, const struct cidr *client);
/*
 * An order of networks in which a narrower one comes before those that hold
 * it: below, equal to or above 0. Equal are the same networks alone.
 */
int	cidr_order(const struct cidr *a, const struct cidr *b);

#endif
