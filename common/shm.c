/* The memory that one worker and the master share. */
#include "common/shm.h"

#include <sys/mman.h>

/* Everything in the mapping begins on a page of its own, so that the parts do
 * not share cache lines. */
#define SHM_PAGE	((size_t)4096)

static size_t
pages(size_t n)
{
	return (n + SHM_PAGE - 1) & ~(SHM_PAGE - 1);
}

static size_t
map_size(void)
{
	return pages(sizeof(struct scoreboard)) +
	    pages(ring_bytes(SHM_ACCESS_RING)) +
	    pages(ring_bytes(SHM_ERROR_RING));
}

int
shm_open_worker(struct shm *s)
{
	char *p = mmap(NULL, map_size(), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	/* Fresh pages are zero, and zero is an empty scoreboard and ring. */
	*s = (struct shm){ .map = p, .score = (void *)p };
	p += pages(sizeof(struct scoreboard));
	s->access = (struct ring){ .shared = (void *)p,
	    .size = SHM_ACCESS_RING };
	p += pages(ring_bytes(SHM_ACCESS_RING));
	s->errors = (struct ring){ .shared = (void *)p,
	    .size = SHM_ERROR_RING };
	return 0;
}

void
shm_close(struct shm *s)
{
	if (s->map != NULL)
		(void)munmap(s->map, map_size());
	*s = (struct shm){ 0 };
}
