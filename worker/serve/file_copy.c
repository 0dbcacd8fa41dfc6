/*
 * A copy grows at its end, by whoever is the first to get there.
 */
#include "worker/serve/file_copy.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker/http/body.h"
#include "worker/serve/file.h"

#define READ_MAX	262144	/* read at once: a batch of records */

struct file_copy {
	size_t size;			/* of the file */
	size_t done;			/* so many bytes have been read */
	char bytes[];
};

/* Not from the heap, which would keep it. */
void
file_copy_begin(struct file_body *b, size_t size)
{
	struct file_copy *copy;

	assert(b->copy == NULL && b->fd != -1);
	copy = mmap(NULL, sizeof(*copy) + size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy == MAP_FAILED)
		return;
	copy->size = size;
	b->copy = copy;
	file_body_count(b, size);
}

void
file_copy_free(struct file_body *b)
{
	if (b->copy != NULL)
		(void)munmap(b->copy, sizeof(*b->copy) + b->copy->size);
	b->copy = NULL;
}

static void
read_on(const struct file_body *b)
{
	struct file_copy *copy = b->copy;
	size_t left = copy->size - copy->done;
	ssize_t n = pread(b->fd, copy->bytes + copy->done,
	    left < READ_MAX ? left : READ_MAX, (off_t)copy->done);

	if (n > 0)
		copy->done += (size_t)n;
}

void
file_copy_take(struct file_body *b, struct span *range, struct span *piece)
{
	const struct file_copy *copy = b->copy;
	size_t off = (size_t)range->off;

	*piece = *range;
	if (off == copy->done)
		read_on(b);
	if (off < copy->done) {
		piece->p = copy->bytes + off;
		if (piece->n > copy->done - off)
			piece->n = copy->done - off;
	}
	range->off += (off_t)piece->n;
	range->n -= piece->n;
}
