/*
 * http1_body: the body of a request, taken out of its framing and given to the
 * handler's sink, or dropped.
 */
#ifndef WORKER_HTTP1_BODY_H
#define WORKER_HTTP1_BODY_H

#include <stdbool.h>

struct conn;
struct request;

/* A request begins, and with it its body. */
void	http1_body_begin(struct request *r);
/* Takes what c->in holds of the body. True when anything moved; *status is set
 * when the request has to fail. */
bool	http1_body_take(struct conn *c, int *status);
/* Whoever gets the body takes nothing at the moment. */
bool	http1_body_is_stopped(const struct conn *c);
/* The current request has a body that has not ended yet. */
bool	http1_body_is_open(const struct conn *c);
/* What is left of the body is not worth keeping the connection for. */
bool	http1_body_is_long(const struct conn *c);
/* The rest of the body is given up; the connection closes without it. */
void	http1_body_abandon(struct conn *c);

#endif
