/*
 * handler: what answers a request.
 */
#ifndef WORKER_SERVE_HANDLER_H
#define WORKER_SERVE_HANDLER_H

struct request;

#define HANDLER_REROUTE	(-1)

struct handler {
	const char *name;
	/*
	 * Starts to answer: fills in r->response and attaches a source; or
	 * attaches a sink to get the request's body first; or does so later and
	 * calls request_wake. Returns 0, or the status to fail with, or
	 * HANDLER_REROUTE after it changed r->path: another location may have
	 * to decide about that.
	 */
	int (*start)(struct request *r);
};

#endif
