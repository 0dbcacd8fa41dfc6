/*
 * buf: a growable run of bytes, consumed at the front and filled at the back.
 *
 * Zero is an empty buffer. Growth has no limit of its own: whoever fills a
 * buffer from a client names one.
 */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "common/str.h"

struct buf {
	char *p;		/* owned */
	size_t off;		/* first byte not yet consumed */
	size_t end;		/* one past the last byte */
	size_t cap;
};

/* What is used many times in a request is here, so that it costs no call. */
static inline size_t
buf_len(const struct buf *b)
{
	return b->end - b->off;
}

static inline char *
buf_head(const struct buf *b)
{
	return b->p + b->off;
}

struct str buf_str(const struct buf *b);

/* Where the next byte goes, and how many fit there without growing. */
static inline char *
buf_tail(const struct buf *b)
{
	return b->p + b->end;
}

static inline size_t
buf_room(const struct buf *b)
{
	return b->cap - b->end;
}

/* Makes room for n more bytes. 0, or -1 when memory is short. */
int	buf_reserve(struct buf *b, size_t n);
/* Says that n bytes were written at the tail. */
void	buf_added(struct buf *b, size_t n);
/* Drops n bytes from the front. */
void	buf_take(struct buf *b, size_t n);
/* Append; 0, or -1 when memory is short (then nothing was appended). */
int	buf_put(struct buf *b, const void *p, size_t n);
int	buf_puts(struct buf *b, const char *s);
int	buf_put_str(struct buf *b, struct str s);
int	buf_put_u64(struct buf *b, uint64_t v);
int	buf_printf(struct buf *b, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
int	buf_vprintf(struct buf *b, const char *fmt, va_list ap)
	    __attribute__((format(printf, 2, 0)));
/* Clears the memory that holds nothing at present. */
void	buf_wipe_rest(struct buf *b);
/* Gives the memory back; the buffer is empty and usable again. */
void	buf_free(struct buf *b);
/* The same, and nothing of what was in it stays in memory. */
void	buf_wipe(struct buf *b);

#endif
