/*
 * route: from a request's host and path to the server, the location and the
 * handler that answer it.
 */
#ifndef WORKER_SERVE_ROUTE_H
#define WORKER_SERVE_ROUTE_H

#include "common/str.h"
#include "worker/serve/handler.h"

/* The methods known here, as Allow lists them. */
#define ROUTE_METHODS	"GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"

struct conf_listen;
struct conf_location;
struct conf_server;
struct request;

/*
 * The server that a name reaches through a listener: by its exact name, else
 * by the longest "*.suffix", else the listener's fallback. Case and a trailing
 * dot do not matter.
 */
const struct conf_server *route_server(const struct conf_listen *l,
	    struct str host);
/*
 * The location for a clean path: an exact one, else the longest suffix, else
 * the longest prefix (which ends at a '/' in the path), else the server's own
 * settings.
 */
const struct conf_location *route_location(const struct conf_server *s,
	    struct str path);
/*
 * Fills in r->server, r->location and r->path from r->target and chooses
 * r->handler. Returns 0, or the status to fail with; r->server and r->location
 * are set in any case.
 */
int	route_request(struct request *r, const struct conf_listen *l);

/*
 * The same for an r->path that is clean already and was changed since.
 *
 * r->place are other locations that say who may have the same thing, so that no
 * other name of it leads around them: the place where the path lies, when its
 * suffix found the location; and the location of the name itself, of a script
 * when more follows that, of a file when it is asked for as its own compressed
 * variant.
 */
int	route_path(struct request *r);

#endif
