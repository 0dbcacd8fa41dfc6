/*
 * proxy_header: what a proxy says of a connection before its first byte: the
 * PROXY protocol, versions 1 and 2. Pure.
 */
#ifndef WORKER_PROXY_HEADER_H
#define WORKER_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net.h"

#define PROXY_HEADER_MAX	4096	/* bytes; version 1 has 107 */

enum proxy_parse {
	PROXY_NONE,
	PROXY_PARTIAL,			/* more bytes are needed, and all of
					 * these are the header's */
	PROXY_COMPLETE,
	PROXY_BAD			/* it is no header */
};

struct proxy_header {
	bool known;			/* it says who the client is; else it
					 * is UNKNOWN, or LOCAL: the proxy's own
					 * connection */
	struct net_addr peer;		/* the client, */
	struct net_addr local;		/* and where it came in */
	bool tls;			/* by TLS */
};

/*
 * Reads a header at p. COMPLETE: *out is filled and *used is its length; what
 * is behind is the connection's. BAD as soon as the bytes can become none.
 */
enum proxy_parse proxy_header_parse(const char *p, size_t n,
	    struct proxy_header *out, size_t *used);

#endif
