/*
 * forwarded: by whom a request was sent, as trusted proxies say it in
 * X-Forwarded-For and X-Forwarded-Proto, or in Forwarded (RFC 7239). Pure.
 *
 * Every proxy adds the address of whoever it has a request from to the end, so
 * the hops are looked at from the last one backwards: while they are proxies
 * that are trusted themselves, what they said counts. The first that is none is
 * the client; what is left of it anybody may have written.
 */
#ifndef WORKER_HTTP_FORWARDED_H
#define WORKER_HTTP_FORWARDED_H

#include <stdbool.h>

#include "common/net.h"

#define FORWARDED_HOPS	32	/* looked at; the last ones */

struct conf;
struct conf_trust;
struct http_head;

enum forwarded_scheme {
	FORWARDED_UNSAID,
	FORWARDED_HTTP,
	FORWARDED_HTTPS
};

struct forwarded {
	bool known;			/* peer is the client; else the proxy
					 * is all that is known */
	struct net_addr peer;		/* port 0 where none is given */
	enum forwarded_scheme scheme;	/* by which the client came */
};

/*
 * Reads what the proxy says that is trusted so. 0, or 400: its field cannot be
 * read in one way only, and somebody may have tried to hide behind it.
 */
int	forwarded_read(const struct conf *conf, const struct conf_trust *proxy,
	    const struct http_head *head, struct forwarded *out);

#endif
