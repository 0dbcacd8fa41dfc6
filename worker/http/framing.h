/*
 * framing: how the body of a request is delimited and whether the connection
 * persists (RFC 9112 sections 6 and 9). Pure. Any doubt is an error, never a
 * guess.
 */
#ifndef WORKER_HTTP_FRAMING_H
#define WORKER_HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/http/target.h"

struct http_head;

struct http_framing {
	bool chunked;
	bool has_length;		/* a Content-Length was given */
	uint64_t length;		/* at most INT64_MAX */
	bool keepalive;			/* the client lets it persist */
	bool close_named;		/* it said so: Connection: close */
	bool expect_continue;		/* it waits for 100 before its body, and
					 * there is one */
};

/* 0, or the status to answer before closing: 400, 417, 501. */
int	http_framing(const struct http_head *head, struct http_framing *out);

#endif
