/*
 * http1_queue: the requests of a connection that are answered, their responses
 * wholly queued but not wholly sent.
 */
#ifndef WORKER_HTTP1_QUEUE_H
#define WORKER_HTTP1_QUEUE_H

#include <stddef.h>

struct conn;
struct request;

/* Takes r, whose response ends at r->end_at. */
void	http1_queue_push(struct conn *c, struct request *r);
/* Up to most bytes are about to be written: the access-log lines of the
 * responses that would complete are put into the ring, undecided. */
void	http1_queue_sending(struct conn *c, size_t most);
/* They were written, or some of them: lines are committed or withdrawn, and
 * requests that are complete are freed. */
void	http1_queue_sent(struct conn *c);
/* The connection ends: these and the current request are logged as far as
 * they came, and freed. */
void	http1_queue_close(struct conn *c);

#endif
