/*
 * A growable run of bytes.
 */
#include "common/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_MIN	512

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p == NULL ? "" : b->p + b->off, buf_len(b) };
}

int
buf_reserve(struct buf *b, size_t n)
{
	size_t len = buf_len(b), cap = b->cap < BUF_MIN ? BUF_MIN : b->cap;
	char *p;

	if (b->cap - b->end >= n)
		return 0;
	if (b->off > 0 && b->cap - len >= n) {
		memmove(b->p, b->p + b->off, len);
		b->off = 0;
		b->end = len;
		return 0;
	}
	if (n > SIZE_MAX / 4 - len) {
		errno = ENOMEM;
		return -1;
	}
	while (cap - len < n)
		cap *= 2;
	p = malloc(cap);
	if (p == NULL)
		return -1;
	if (len > 0)
		memcpy(p, b->p + b->off, len);
	/* It may have been the beginning of a head, with a password in it, and
	 * what was taken is there still. */
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	free(b->p);
	*b = (struct buf){ .p = p, .end = len, .cap = cap };
	return 0;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= buf_room(b));
	b->end += n;
}

void
buf_take(struct buf *b, size_t n)
{
	assert(n <= buf_len(b));
	b->off += n;
	if (b->off == b->end)
		b->off = b->end = 0;
}

int
buf_put(struct buf *b, const void *p, size_t n)
{
	if (buf_reserve(b, n) == -1)
		return -1;
	if (n > 0)
		memcpy(b->p + b->end, p, n);
	b->end += n;
	return 0;
}

int
buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

int
buf_put_str(struct buf *b, struct str s)
{
	return buf_put(b, s.p, s.n);
}

int
buf_put_u64(struct buf *b, uint64_t v)
{
	if (buf_reserve(b, 20) == -1)
		return -1;
	b->end += str_put_u64(b->p + b->end, v);
	return 0;
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return rc;
}

int
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || buf_reserve(b, (size_t)n + 1) == -1)
		return -1;
	(void)vsnprintf(b->p + b->end, (size_t)n + 1, fmt, ap);
	b->end += (size_t)n;
	return 0;
}

void
buf_wipe_rest(struct buf *b)
{
	if (b->p == NULL)
		return;
	explicit_bzero(b->p, b->off);
	explicit_bzero(b->p + b->end, b->cap - b->end);
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_wipe(struct buf *b)
{
	if (b->p != NULL)
		explicit_bzero(b->p, b->cap);
	buf_free(b);
}
