/* Two tables of addresses. */
#include "common/peers.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "common/cidr.h"
#include "common/net.h"
#include "common/siphash.h"
#include "common/tally.h"

#define WAYS		8	/* buckets that a key may be in */
#define WINDOW		64	/* entries in which a key's holds are */
#define TRIES		8	/* against others that want the same place */

#define COUNT_BITS	16	/* of a hold, then */
#define COLUMN_BITS	13	/* and what is left is the key's */
#define COUNT_MASK	((UINT64_C(1) << COUNT_BITS) - 1)
#define OWN_BITS	(COUNT_BITS + COLUMN_BITS)
#define COLUMN_MASK	((UINT64_C(1) << COLUMN_BITS) - 1)

_Static_assert(TALLY_COLUMNS <= (1u << COLUMN_BITS) - 1, "columns fit");
_Static_assert(PEERS_MOST <= COUNT_MASK, "counts fit");

struct bucket {
	_Atomic uint64_t key;		/* 0 = unused */
	_Atomic int64_t full_at;	/* ns of the monotonic clock */
};

struct peers {
	uint8_t secret[SIPHASH_KEY];
	_Atomic bool held;		/* there may be holds */
	_Alignas(64) struct bucket buckets[PEERS_BUCKETS];
	_Atomic uint64_t holds[PEERS_HOLDS];
};

struct peers *
peers_open(void)
{
	struct peers *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ssize_t n;

	if (p == MAP_FAILED)
		return NULL;
	n = getrandom(p->secret, sizeof(p->secret), 0);
	if (n == (ssize_t)sizeof(p->secret))
		return p;
	if (n != -1)
		errno = EIO;
	peers_close(p);
	return NULL;
}

void
peers_close(struct peers *p)
{
	if (p != NULL)
		(void)munmap(p, sizeof(*p));
}

uint64_t
peers_key(const struct peers *p, const struct net_addr *a, uint64_t purpose)
{
	struct cidr client = cidr_of(a);
	struct {
		uint64_t purpose;
		uint64_t kind;
		uint8_t addr[16];
	} text = { purpose, client.kind, { 0 } };
	uint64_t key;

	memcpy(text.addr, client.addr, client.kind == CIDR_V6 ? 8 :
	    sizeof(text.addr));
	key = siphash64(p->secret, &text, sizeof(text));
	return key == 0 ? 1 : key;
}

/* --- connections --- */

static uint64_t
own_part(unsigned column, uint64_t key)
{
	return key >> OWN_BITS << OWN_BITS | (uint64_t)column << COUNT_BITS;
}

static _Atomic uint64_t *
hold_at(struct peers *p, uint64_t key, unsigned i)
{
	return &p->holds[(key + i) & (PEERS_HOLDS - 1)];
}

/* Of all workers. */
static uint64_t
count(struct peers *p, uint64_t key)
{
	uint64_t all = 0, one;

	for (unsigned i = 0; i < WINDOW; i++) {
		one = atomic_load_explicit(hold_at(p, key, i),
		    memory_order_relaxed);
		if (one != 0 && one >> OWN_BITS == key >> OWN_BITS)
			all += one & COUNT_MASK;
	}
	return all;
}

/* The worker's own entry, which nobody else writes to; or NULL. */
static _Atomic uint64_t *
find_own(struct peers *p, uint64_t own, uint64_t key)
{
	for (unsigned i = 0; i < WINDOW; i++) {
		_Atomic uint64_t *h = hold_at(p, key, i);

		if ((atomic_load_explicit(h, memory_order_relaxed) &
		    ~COUNT_MASK) == own)
			return h;
	}
	return NULL;
}

static bool
add_hold(struct peers *p, uint64_t own, uint64_t key)
{
	_Atomic uint64_t *h = find_own(p, own, key);

	if (h != NULL) {
		if ((atomic_load(h) & COUNT_MASK) == PEERS_MOST)
			return false;
		atomic_fetch_add(h, 1);
		return true;
	}
	for (unsigned i = 0; i < WINDOW; i++) {
		uint64_t none = 0;

		h = hold_at(p, key, i);
		if (atomic_load_explicit(h, memory_order_relaxed) == 0 &&
		    atomic_compare_exchange_strong(h, &none, own | 1))
			return true;
	}
	return false;
}

/* Added first and counted then: of two that go for the last one at the same
 * time both may fail, but never do both get it. */
enum peers_hold
peers_hold(struct peers *p, unsigned column, uint64_t key, unsigned most)
{
	assert(column >= 1 && column <= TALLY_COLUMNS);
	if (count(p, key) >= most)
		return PEERS_OVER;
	if (!atomic_load_explicit(&p->held, memory_order_relaxed))
		atomic_store(&p->held, true);
	if (!add_hold(p, own_part(column, key), key))
		return PEERS_UNCOUNTED;
	if (count(p, key) <= most)
		return PEERS_HELD;
	peers_release(p, column, key);
	return PEERS_OVER;
}

void
peers_release(struct peers *p, unsigned column, uint64_t key)
{
	_Atomic uint64_t *h = find_own(p, own_part(column, key), key);

	if (h == NULL)		/* somebody wrote nonsense */
		return;
	if ((atomic_load(h) & COUNT_MASK) <= 1)
		atomic_store(h, 0);
	else
		atomic_fetch_sub(h, 1);
}

void
peers_forget(struct peers *p, unsigned column)
{
	uint64_t one;

	if (column == 0 || !atomic_load(&p->held))
		return;
	for (unsigned i = 0; i < PEERS_HOLDS; i++) {
		one = atomic_load_explicit(&p->holds[i], memory_order_relaxed);
		if ((one >> COUNT_BITS & COLUMN_MASK) == column)
			atomic_store(&p->holds[i], 0);
	}
}

/* --- rates --- */

/* The key's bucket, or the one that is missed least. */
static struct bucket *
choose(struct bucket *set, uint64_t key)
{
	struct bucket *best = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t other = atomic_load_explicit(&set[i].key,
		    memory_order_relaxed);

		if (other == key)
			return &set[i];
		if (atomic_load_explicit(&set[i].full_at,
		    memory_order_relaxed) < atomic_load_explicit(
		    &best->full_at, memory_order_relaxed))
			best = &set[i];
	}
	return best;
}

static struct bucket *
bucket_of(struct peers *p, uint64_t key)
{
	struct bucket *set = &p->buckets[key % (PEERS_BUCKETS / WAYS) * WAYS];
	struct bucket *b = set;

	for (int i = 0; i < TRIES; i++) {
		uint64_t other;

		b = choose(set, key);
		other = atomic_load(&b->key);
		if (other == key)
			break;
		/* What another worker spends of it before the next line is
		 * given: a request or two, once in a while. */
		if (atomic_compare_exchange_strong(&b->key, &other, key)) {
			atomic_store(&b->full_at, 0);
			break;
		}
	}
	return b;
}

int64_t
peers_spend(struct peers *p, uint64_t key, const struct peers_cost *c)
{
	struct bucket *b = bucket_of(p, key);
	int64_t was = atomic_load(&b->full_at), will;

	do {
		will = (was > c->now ? was : c->now) + c->cost;
		if (will - c->now > c->burst)
			return will - c->now - c->burst;
	} while (c->cost > 0 && !atomic_compare_exchange_weak(&b->full_at,
	    &was, will));
	return 0;
}

void
peers_charge(struct peers *p, uint64_t key, const struct peers_cost *c)
{
	struct bucket *b = bucket_of(p, key);
	int64_t was = atomic_load(&b->full_at), will;

	do
		will = (was > c->now ? was : c->now) + c->cost;
	while (!atomic_compare_exchange_weak(&b->full_at, &was, will));
}
