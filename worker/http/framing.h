/*
 * framing: how the body of a request is delimited (RFC 9112 section 6), and
 * what its Host is. Pure. Any doubt is an error, never a guess.
 */
#ifndef WORKER_HTTP_FRAMING_H
#define WORKER_HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/http/parse.h"

struct http_framing {
	bool chunked;
	bool has_length;		/* a Content-Length was given */
	uint64_t length;
	bool keepalive;			/* the client lets the connection persist */
	bool close_named;		/* it said so: Connection: close */
	bool expect_continue;
};

/* 0, or the status to answer before closing: 400, 417, 501. */
int	http_framing(const struct http_head *head, struct http_framing *out);

/* RFC 9112 section 3.2: what the target says. */
struct http_target {
	struct str path;		/* raw absolute path, or "*"; "/" for an
					 * absolute-form without one */
	struct str query;		/* raw, without its '?' */
	bool has_query;
	struct str host;		/* without port; of the absolute-form or else
					 * of Host; empty when there is none (1.0) */
	struct str port;		/* digits, may be empty */
};

/* 0, or 400 (also 405 for CONNECT's authority-form). */
int	http_target(const struct http_head *head, struct http_target *out);

#endif
