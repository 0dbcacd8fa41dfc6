/*
 * http1_reply: a handler's response, framed and queued for sending.
 */
#ifndef WORKER_HTTP1_REPLY_H
#define WORKER_HTTP1_REPLY_H

struct conn;
struct request;

enum http1_reply_result {
	HTTP1_REPLY_NONE,		/* nothing to do now */
	HTTP1_REPLY_MOVED,		/* something was queued */
	HTTP1_REPLY_DONE,		/* the response is queued whole */
	HTTP1_REPLY_FAILED		/* it cannot be completed */
};

/* Queues what can be queued of r's response. */
enum http1_reply_result http1_reply(struct conn *c, struct request *r);
/* A handler wants the body: 100 Continue is sent when the client waits for it
 * (RFC 9110 section 10.1.1). */
void	http1_continue(struct conn *c, struct request *r);

#endif
