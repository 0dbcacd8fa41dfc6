/*
 * target: what a request-target and Host say together (RFC 9112 section 3.2).
 * Pure. Any doubt is an error, never a guess.
 */
#ifndef WORKER_HTTP_TARGET_H
#define WORKER_HTTP_TARGET_H

#include <stdbool.h>

#include "common/str.h"

struct http_head;

struct http_target {
	struct str path;		/* raw absolute path, or "*"; "/" for an
					 * absolute-form without one */
	struct str query;		/* raw, without its '?' */
	bool has_query;
	struct str host;		/* of the absolute-form or else of Host,
					 * without port, an IPv6 address in its
					 * brackets; empty = none (1.0) */
	struct str port;		/* digits, may be empty */
	bool https;			/* the absolute-form says so */
};

/* 0, or 400 (also 405 for CONNECT's authority-form). */
int	http_target(const struct http_head *head, struct http_target *out);

#endif
