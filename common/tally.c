/*
 * Columns that are added up.
 */
#include "common/tally.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

struct tally_shared {
	_Atomic uint32_t used;		/* no column behind these was ever
					 * taken */
	_Atomic uint64_t column[TALLY_COLUMNS];
};

int
tally_open(struct tally *t)
{
	void *p = mmap(NULL, sizeof(struct tally_shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	*t = (struct tally){ .shared = p };
	return 0;
}

void
tally_close(struct tally *t)
{
	if (t->shared != NULL)
		(void)munmap(t->shared, sizeof(struct tally_shared));
	*t = (struct tally){ 0 };
}

unsigned
tally_take(struct tally *t)
{
	unsigned i, used = 0;

	for (i = 0; i < TALLY_COLUMNS && t->taken[i]; i++)
		continue;
	if (i == TALLY_COLUMNS)
		return 0;
	t->taken[i] = true;
	for (unsigned k = 0; k < TALLY_COLUMNS; k++)
		if (t->taken[k])
			used = k + 1;
	atomic_store(&t->shared->column[i], 0);
	atomic_store(&t->shared->used, used);
	return i + 1;
}

void
tally_give(struct tally *t, unsigned column)
{
	if (column == 0)
		return;
	assert(column <= TALLY_COLUMNS && t->taken[column - 1]);
	t->taken[column - 1] = false;
	atomic_store(&t->shared->column[column - 1], 0);
}

static uint64_t
sum(struct tally_shared *s)
{
	uint32_t used = atomic_load(&s->used);
	uint64_t all = 0, one;

	for (uint32_t i = 0; i < used && i < TALLY_COLUMNS; i++) {
		one = atomic_load_explicit(&s->column[i],
		    memory_order_relaxed);
		all = all + one < all ? UINT64_MAX : all + one;
	}
	return all;
}

/* Added first and looked at then: of two that go for the last room at the same
 * time both may fail, but never do both get it. */
bool
tally_add(struct tally_shared *s, unsigned column, uint64_t n, uint64_t most)
{
	assert(column >= 1 && column <= TALLY_COLUMNS);
	if (n > most)
		return false;
	atomic_fetch_add(&s->column[column - 1], n);
	if (sum(s) <= most)
		return true;
	atomic_fetch_sub(&s->column[column - 1], n);
	return false;
}

void
tally_sub(struct tally_shared *s, unsigned column, uint64_t n)
{
	assert(column >= 1 && column <= TALLY_COLUMNS);
	atomic_fetch_sub(&s->column[column - 1], n);
}
