/*
 * gzip (RFC 1952) by zlib.
 *
 * Nothing is kept of what was compressed: a site that has many readers of a
 * file compresses it once, beside the file (`precompressed`).
 */
#include "worker/serve/gzip.h"

#ifdef PYKED_ZLIB

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/serve/file.h"
#include "worker/serve/turns.h"

#define STREAMS_MAX	64	/* at once in a worker: 17 MB */
#define LEVEL		6
#define WINDOW		(15 + 16) /* the largest, in a gzip wrapper */
#define MEMORY		8	/* zlib's default: 128 KiB */
#define IN		16384
#define OUT		8192	/* as much as travels with a head */
#define TURN		(128 * 1024) /* bytes that are compressed before others
				 * have their turn: about 3 ms */

struct gzip {
	struct source source;
	struct turn turn;
	struct request *request;	/* borrowed: whose source it is */
	struct file_body *body;		/* one reference, with a descriptor */
	off_t off;			/* what was read */
	off_t size;			/* of what will be */
	size_t done;			/* in this turn */
	bool ended;
	z_stream z;
	unsigned char in[IN];
	unsigned char out[OUT];
};

static unsigned streams;

bool
gzip_has_room(void)
{
	return streams < STREAMS_MAX;
}

/* More input, when all of it was taken: 0 or -1. */
static int
fill(struct gzip *g)
{
	off_t left = g->size - g->off;
	size_t want = left < IN ? (size_t)left : IN;
	ssize_t n;

	if (g->z.avail_in > 0 || want == 0)
		return 0;
	do
		n = pread(g->body->fd, g->in, want, g->off);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		log_warn("%s%s: %s while it was being sent",
		    g->request->location->root->path, g->request->path.p,
		    n == 0 ? "the file shrank" : strerror(errno));
		return -1;
	}
	g->off += n;
	g->done += (size_t)n;
	g->z.next_in = g->in;
	g->z.avail_in = (unsigned)n;
	return 0;
}

/* Until the room for output is full, the turn is over or all is said. */
static int
compress_some(struct gzip *g)
{
	int result;

	g->z.next_out = g->out;
	g->z.avail_out = OUT;
	while (g->z.avail_out > 0 && !g->ended) {
		if (g->done >= TURN && g->z.avail_in == 0)
			break;
		if (fill(g) == -1)
			return -1;
		result = deflate(&g->z, g->off == g->size ? Z_FINISH :
		    Z_NO_FLUSH);
		if (result == Z_STREAM_END)
			g->ended = true;
		else if (result != Z_OK)
			return -1;
	}
	return 0;
}

static enum source_result
gzip_next(struct source *s, struct span *span)
{
	struct gzip *g = (struct gzip *)s;

	if (g->ended)
		return SOURCE_END;
	if (g->done >= TURN) {
		g->done = 0;
		turn_wait(&g->turn, g->request);
		return SOURCE_WAIT;
	}
	if (compress_some(g) == -1)
		return SOURCE_FAIL;
	*span = (struct span){ .p = (const char *)g->out,
	    .n = OUT - g->z.avail_out };
	return SOURCE_MORE;
}

static void
gzip_close(struct source *s)
{
	struct gzip *g = (struct gzip *)s;

	turn_clear(&g->turn);
	(void)deflateEnd(&g->z);
	file_body_drop(g->body);
	streams--;
	free(g);
}

static const struct source_ops gzip_ops = { gzip_next, gzip_close };

struct source *
gzip_source(struct request *r, const struct file *f)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, WINDOW, MEMORY,
	    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(g);
		return NULL;
	}
	g->source.ops = &gzip_ops;
	g->request = r;
	g->body = file_body_use(f->body);
	g->size = f->size;
	streams++;
	return &g->source;
}

#else

#include <stddef.h>

bool
gzip_has_room(void)
{
	return false;
}

struct source *
gzip_source(struct request *r, const struct file *f)
{
	(void)r;
	(void)f;
	return NULL;
}

#endif
