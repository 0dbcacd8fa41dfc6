/*
 * redirect: sends a client to another address.
 *
 * What a request has in it is percent-encoded on its way into Location, and
 * can become part of a path or a query there, never of a host.
 */
#ifndef WORKER_SERVE_REDIRECT_H
#define WORKER_SERVE_REDIRECT_H

#include <stdint.h>

#include "worker/serve/handler.h"

struct request;

/* Where the location's `redirect` leads. */
extern const struct handler handler_redirect;

/*
 * To the same host and target by https at this port: 308 with
 * response.location set, 400 without a usable host, path or port, or 500.
 */
int	redirect_to_tls(struct request *r, uint16_t port);

#endif
