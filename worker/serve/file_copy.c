/*
 * A copy grows at its end, by whoever is the first to get there.
 */
#include "worker/serve/file_copy.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/http/body.h"

#define READ_MAX	262144	/* read at once: a batch of records */
#define FRESH_US	1000000

struct file_copy {
	unsigned users;			/* each owns one reference */
	struct mono begun;
	size_t size;			/* of the file */
	size_t done;			/* so many bytes have been read */
	char bytes[];
};

static size_t in_all;			/* sizes of all copies */

/* Not from the heap, which would keep it. */
struct file_copy *
file_copy_new(size_t size, uint64_t most)
{
	struct file_copy *c;

	if (size > most || in_all > most - size)
		return NULL;
	c = mmap(NULL, sizeof(*c) + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	c->users = 1;
	c->begun = clock_now();
	c->size = size;
	in_all += size;
	return c;
}

struct file_copy *
file_copy_use(struct file_copy *c)
{
	c->users++;
	return c;
}

void
file_copy_drop(struct file_copy *c)
{
	assert(c == NULL || c->users > 0);
	if (c == NULL || --c->users > 0)
		return;
	in_all -= c->size;
	(void)munmap(c, sizeof(*c) + c->size);
}

bool
file_copy_is_fresh(const struct file_copy *c)
{
	return c != NULL && mono_us(c->begun, clock_now()) < FRESH_US;
}

static void
read_on(struct file_copy *c, int fd)
{
	size_t left = c->size - c->done;
	ssize_t n = pread(fd, c->bytes + c->done,
	    left < READ_MAX ? left : READ_MAX, (off_t)c->done);

	if (n > 0)
		c->done += (size_t)n;
}

void
file_copy_take(struct file_copy *c, struct span *range, struct span *piece)
{
	size_t off = (size_t)range->off;

	*piece = *range;
	if (off == c->done)
		read_on(c, range->fd);
	if (off < c->done) {
		piece->p = c->bytes + off;
		if (piece->n > c->done - off)
			piece->n = c->done - off;
	}
	range->off += (off_t)piece->n;
	range->n -= piece->n;
}
