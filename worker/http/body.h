/*
 * body: where a response's bytes come from and where a request's go.
 *
 * The two interfaces between handlers and protocols. Neither side knows of
 * framing, sockets or TLS.
 */
#ifndef WORKER_HTTP_BODY_H
#define WORKER_HTTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A run of bytes to send: memory, or a range of a file. n == 0 is none. */
struct span {
	const char *p;			/* borrowed; NULL = a file range */
	int fd;				/* borrowed, when p is NULL */
	off_t off;
	size_t n;
};

enum source_result {
	SOURCE_NONE,
	SOURCE_MORE,			/* *span is filled */
	SOURCE_WAIT,			/* nothing now; the request is woken
					 * later */
	SOURCE_END,			/* the body is complete */
	SOURCE_FAIL			/* it will never be: cut the message
					 * short */
};

struct source;

struct source_ops {
	/* The next bytes. They stay valid until the next call, which means that
	 * they have been sent. */
	enum source_result (*next)(struct source *s, struct span *span);
	/* Once, whatever became of the body. The source is gone afterwards. */
	void (*close)(struct source *s);
};

/* Embedded first in what implements it. */
struct source {
	const struct source_ops *ops;
};

struct arena;

/* A source of n bytes at p (borrowed), itself in the arena; NULL when memory
 * is short. */
struct source *source_from_memory(struct arena *a, const char *p, size_t n);

struct sink;

struct sink_ops {
	/* Takes n bytes of a body: 0, or the status to fail with. */
	int (*put)(struct sink *s, const char *p, size_t n);
	/* The body is complete: 0, or the status to fail with. */
	int (*end)(struct sink *s);
	/* Once, with the request, whether end came before or not. The sink is
	 * gone afterwards. */
	void (*close)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	bool full;			/* it takes nothing now; the request is
					 * woken when it does */
};

#endif
