/*
 * http1: HTTP/1.0 and 1.1 on a connection (RFC 9112).
 */
#ifndef WORKER_HTTP1_H
#define WORKER_HTTP1_H

#include <stdbool.h>
#include <stddef.h>

struct conn;

/*
 * Does all that input and room allow: reads requests from c->in, starts and
 * feeds handlers, queues responses in c->out and c->span, and sets c->state.
 * True when anything moved.
 */
bool	http1_step(struct conn *c);
/* Up to most bytes are about to be written: the access-log lines of the
 * responses that would complete are put into the ring, undecided. */
void	http1_sending(struct conn *c, size_t most);
/* n bytes were written: lines are committed or withdrawn, and responses that
 * are complete are done with. */
void	http1_sent(struct conn *c, size_t n);
/* Answers the request being read, or the one whose body is, with an error and
 * closes after it. */
void	http1_fail(struct conn *c, int status);
/* The connection ends: what was being served is logged as far as it came. */
void	http1_close(struct conn *c);

#endif
