/*
 * Requests: made, pooled and freed; and the one writer of header lines.
 */
#include "worker/http/request.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAX	64	/* free requests kept for the next ones */
#define ROOM		3072	/* an ordinary head and its paths fit here */

/* The head is not cleared between requests: the parser says what counts. */
struct request_block {
	struct request request;
	struct request_block *next_free;
	struct http_head head;
	_Alignas(16) char room[ROOM];
};

static struct request_block *pool;	/* owned */
static unsigned pooled;

struct request *
request_new(void)
{
	struct request_block *b = pool;

	if (b != NULL) {
		pool = b->next_free;
		pooled--;
	} else {
		b = malloc(sizeof(*b));
		if (b == NULL)
			return NULL;
	}
	memset(&b->request, 0, sizeof(b->request));
	b->request.magic = REQUEST_MAGIC;
	b->request.head = &b->head;
	b->request.response.length = -1;
	arena_init(&b->request.arena, b->room, sizeof(b->room));
	return &b->request;
}

void
request_free(struct request *r)
{
	struct request_block *b = (struct request_block *)r;

	assert(r->magic == REQUEST_MAGIC);
	if (r->over != NULL)
		r->over(r);
	if (r->response.source != NULL)
		r->response.source->ops->close(r->response.source);
	if (r->sink != NULL)
		r->sink->ops->close(r->sink);
	if (r->hold != NULL)
		r->hold->drop(r->hold);
	buf_free(&r->response.fields);
	if (r->secret) {
		explicit_bzero(b->room, sizeof(b->room));
		arena_wipe(&r->arena);
	}
	arena_free(&r->arena);
	r->magic = 0;
	if (pooled >= POOL_MAX) {
		free(b);
		return;
	}
	b->next_free = pool;
	pool = b;
	pooled++;
}

const char *
request_id(struct request *r)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[REQUEST_ID_LEN / 2];
	size_t i;

	if (r->id[0] != '\0')
		return r->id;
	arc4random_buf(bytes, sizeof(bytes));
	for (i = 0; i < REQUEST_ID_LEN; i++)
		r->id[i] = digits[bytes[i / 2] >> (i % 2 * 4) & 15];
	r->id[i] = '\0';
	return r->id;
}

void
request_pool_free(void)
{
	while (pool != NULL) {
		struct request_block *b = pool;

		pool = b->next_free;
		free(b);
	}
	pooled = 0;
}

void
request_wake(struct request *r)
{
	assert(r->magic == REQUEST_MAGIC);
	r->wake(r);
}

int
response_field(struct request *r, struct str name, struct str value)
{
	struct buf *b = &r->response.fields;

	if (!http_is_token(name) || !http_is_field_value(value)) {
#ifdef PYKED_DEBUG
		abort();
#endif
		return -1;
	}
	if (buf_reserve(b, name.n + value.n + 4) == -1)
		return -1;
	(void)buf_put_str(b, name);
	(void)buf_put(b, ": ", 2);
	(void)buf_put_str(b, value);
	(void)buf_put(b, "\r\n", 2);
	return 0;
}
