/*
 * http1_head: the head of a response, written into a connection's out.
 */
#ifndef WORKER_HTTP1_HEAD_H
#define WORKER_HTTP1_HEAD_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct request;

/* What http1 decided about the message and the connection. */
struct http1_framing {
	bool chunked;
	bool has_length;		/* say Content-Length */
	uint64_t length;
	bool close;			/* the connection ends after this */
	int64_t keepalive_ms;		/* what Keep-Alive announces */
};

/* Appends the head: 0, or -1 when memory is short (nothing usable is in out
 * then and the connection has to end). */
int	http1_head_write(const struct request *r,
	    const struct http1_framing *framing, struct buf *out);

#endif
