/*
 * http1: HTTP/1.0 and 1.1 on a connection (RFC 9112).
 */
#ifndef WORKER_HTTP1_H
#define WORKER_HTTP1_H

#include <stdbool.h>

struct conn;

/*
 * Does all that input and room allow: reads requests from c->in, starts and
 * feeds handlers, queues responses in c->out and c->span, and sets c->state.
 * True when anything moved.
 */
bool	http1_step(struct conn *c);
/* Answers the request being read, or the one whose body is, with an error and
 * closes after it. */
void	http1_fail(struct conn *c, int status);

#endif
