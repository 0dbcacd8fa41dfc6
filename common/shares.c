/* A word for each worker. */
#include "common/shares.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#include "common/tally.h"

#define STATE_BITS	2	/* of a word, below the connections */
#define STATE_MASK	((1u << STATE_BITS) - 1)

/* On a cache line of its own: it is written with every connection. */
struct place {
	_Alignas(64) _Atomic uint64_t word;
};

struct shares {
	_Atomic uint32_t used;		/* no place behind these was ever
					 * written to */
	struct place place[TALLY_COLUMNS];
};

struct shares *
shares_open(void)
{
	struct shares *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return s == MAP_FAILED ? NULL : s;
}

void
shares_close(struct shares *s)
{
	if (s != NULL)
		(void)munmap(s, sizeof(*s));
}

void
shares_forget(struct shares *s, unsigned column)
{
	if (column == 0)
		return;
	assert(column <= TALLY_COLUMNS);
	atomic_store(&s->place[column - 1].word, 0);
}

static void
use(struct shares *s, uint32_t n)
{
	uint32_t used = atomic_load(&s->used);

	while (used < n &&
	    !atomic_compare_exchange_weak(&s->used, &used, n))
		continue;
}

void
shares_set(struct shares *s, unsigned column, enum shares_state state,
    unsigned connections)
{
	assert(column >= 1 && column <= TALLY_COLUMNS);
	use(s, column);
	atomic_store(&s->place[column - 1].word,
	    (uint64_t)connections << STATE_BITS | state);
}

struct shares_view
shares_look(const struct shares *s, unsigned column)
{
	uint32_t used = atomic_load(&s->used);
	struct shares_view view = { 0 };

	for (uint32_t i = 0; i < used && i < TALLY_COLUMNS; i++) {
		uint64_t word = atomic_load(&s->place[i].word);

		if ((word & STATE_MASK) == SHARES_NONE)
			continue;
		view.workers++;
		view.connections += (uint32_t)(word >> STATE_BITS);
		if ((word & STATE_MASK) == SHARES_LISTENING && i + 1 != column)
			view.listening++;
	}
	return view;
}
