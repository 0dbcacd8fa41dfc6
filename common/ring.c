/* A ring of log lines with one producer and one consumer. */
#include "common/ring.h"

#include <assert.h>
#include <string.h>

size_t
ring_bytes(size_t size)
{
	return sizeof(struct ring_shared) + size;
}

/* Copies n bytes to the place of counter at, around the end if need be. */
static void
copy_in(struct ring *r, uint64_t at, const char *p, size_t n)
{
	size_t place = at & (r->size - 1);
	size_t first = r->size - place;

	if (first > n)
		first = n;
	memcpy(r->shared->data + place, p, first);
	memcpy(r->shared->data, p + first, n - first);
}

static void
copy_out(const struct ring *r, uint64_t at, char *p, size_t n)
{
	size_t place = at & (r->size - 1);
	size_t first = r->size - place;

	if (first > n)
		first = n;
	memcpy(p, r->shared->data + place, first);
	memcpy(p + first, r->shared->data, n - first);
}

/* --- producer --- */

size_t
ring_used(const struct ring *r)
{
	uint64_t pending = atomic_load_explicit(&r->shared->pending,
	    memory_order_relaxed);
	/* Acquire: the consumer has read what it gives back. */
	uint64_t tail = atomic_load_explicit(&r->shared->tail,
	    memory_order_acquire);

	return (size_t)(pending - tail);
}

bool
ring_put(struct ring *r, const char *line, size_t n)
{
	size_t used = ring_used(r);
	uint64_t pending;

	if (used > r->size || n > r->size - used)
		return false;
	pending = atomic_load_explicit(&r->shared->pending,
	    memory_order_relaxed);
	copy_in(r, pending, line, n);
	/* Release: who sees the counter sees the bytes, even if this process
	 * is killed at the next instruction. */
	atomic_store_explicit(&r->shared->pending, pending + n,
	    memory_order_release);
	return true;
}

void
ring_drop(struct ring *r)
{
	atomic_fetch_add_explicit(&r->shared->dropped, 1,
	    memory_order_relaxed);
}

uint64_t
ring_mark(const struct ring *r)
{
	return atomic_load_explicit(&r->shared->pending, memory_order_relaxed);
}

void
ring_commit(struct ring *r, uint64_t mark)
{
	uint64_t head = atomic_load_explicit(&r->shared->head,
	    memory_order_relaxed);

	assert(mark - head <= ring_mark(r) - head);
	atomic_store_explicit(&r->shared->head, mark, memory_order_release);
}

void
ring_withdraw(struct ring *r)
{
	uint64_t head = atomic_load_explicit(&r->shared->head,
	    memory_order_relaxed);

	atomic_store_explicit(&r->shared->pending, head, memory_order_release);
}

/* --- consumer --- */

/* How many of the n bytes at p make whole lines; all of them when there is no
 * end of a line among them. */
static size_t
whole_lines(const char *p, size_t n)
{
	const char *newline = n == 0 ? NULL : memrchr(p, '\n', n);

	return newline == NULL ? n : (size_t)(newline - p) + 1;
}

/* Copies what lies between the consumer's tail and end. */
static size_t
peek_until(struct ring *r, uint64_t end, char *dst, size_t cap)
{
	size_t n = (size_t)(end - r->tail);

	if (n > cap)
		n = cap;
	copy_out(r, r->tail, dst, n);
	return whole_lines(dst, n);
}

size_t
ring_peek(struct ring *r, char *dst, size_t cap, bool *broken)
{
	uint64_t head = atomic_load_explicit(&r->shared->head,
	    memory_order_acquire);

	*broken = head - r->tail > r->size;
	if (*broken) {
		r->tail = head;
		ring_consumed(r, 0);
		return 0;
	}
	return peek_until(r, head, dst, cap);
}

size_t
ring_peek_undecided(struct ring *r, char *dst, size_t cap)
{
	uint64_t pending = atomic_load_explicit(&r->shared->pending,
	    memory_order_acquire);

	if (pending - r->tail > r->size)
		return 0;
	return peek_until(r, pending, dst, cap);
}

void
ring_consumed(struct ring *r, size_t n)
{
	r->tail += n;
	/* Release: the copy above is finished before the room is reused. */
	atomic_store_explicit(&r->shared->tail, r->tail, memory_order_release);
}

uint64_t
ring_take_dropped(struct ring *r)
{
	_Atomic uint64_t *dropped = &r->shared->dropped;

	if (atomic_load_explicit(dropped, memory_order_relaxed) == 0)
		return 0;
	return atomic_exchange_explicit(dropped, 0, memory_order_relaxed);
}
