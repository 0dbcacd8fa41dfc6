/*
 * transport: how bytes get through a socket, plain or by TLS.
 *
 * Verdicts come up; nothing here ends a connection or waits.
 */
#ifndef WORKER_TRANSPORT_H
#define WORKER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct conn;

enum io_result {
	IO_NONE,
	IO_OK,
	IO_WANT_READ,		/* again when the socket is readable */
	IO_WANT_WRITE,		/* again when it is writable */
	IO_EOF,			/* the peer ended its side in order */
	IO_ERROR		/* nothing more is possible */
};

struct transport {
	const char *name;
	/* Until it says IO_OK nothing else is called. */
	enum io_result (*handshake)(struct conn *c);
	/* Up to n > 0 bytes to p; *got says how many. IO_OK with fewer than n
	 * means that the socket is drained, unless pending says otherwise. */
	enum io_result (*read)(struct conn *c, char *p, size_t n, size_t *got);
	/* Writes from c->out and then c->span; *sent says how much of both
	 * together. IO_OK: call again if there is more. */
	enum io_result (*write)(struct conn *c, size_t *sent);
	/* Bytes were read from the socket that read has not handed out yet. */
	bool (*pending)(const struct conn *c);
	/* Says goodbye where the protocol has a word for it, and frees. The
	 * socket is left to conn. */
	void (*close)(struct conn *c, bool orderly);
};

extern const struct transport transport_plain;
extern const struct transport transport_tls;

/* Gives c the transport that its listener is for. 0, or -1. */
int	transport_open(struct conn *c);

/* The longest a single write may be, so that the bytes it may carry are known
 * before it (the access log needs that). */
#define TRANSPORT_WRITE_MAX	((size_t)1 << 20)

#endif
