/*
 * A hash table, and a queue in the order of arrival in which what was used
 * since it last came to the end gets another round.
 */
#include "worker/serve/filetable.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/variant.h"

#define SLOTS		32768	/* of the table; a power of two */
#define ENTRIES_MAX	32768
#define DESCRIPTORS_MAX	128
#define PATH_BYTES	1024	/* longer paths are not kept */
#define HOLD_MS		5000	/* a descriptor nobody asks for is kept: a
				 * deleted file takes room on its disk */

TAILQ_HEAD(entries, fileentry);

static struct {
	struct fileentry **slots;	/* owned; NULL = nothing was kept */
	struct entries queue;
	size_t nentries;
	size_t bytes;			/* all costs */
	unsigned descriptors;
	uint32_t seed;			/* nobody can choose colliding paths */
} cache;

struct filekey
filetable_key(const struct request *r)
{
	struct filekey k = { r->location, r->path, variant_class(r), 0 };
	uint32_t hash = cache.seed ^ k.accepts;

	for (size_t i = 0; i < k.path.n; i++)
		hash = (hash ^ (unsigned char)k.path.p[i]) * 16777619u;
	k.hash = hash ^ hash >> 15 ^ (uint32_t)((uintptr_t)k.location >> 4);
	return k;
}

static struct fileentry **
slot_of(const struct filekey *k)
{
	return &cache.slots[k->hash & (SLOTS - 1)];
}

struct fileentry *
filetable_find(const struct filekey *k)
{
	struct fileentry *e;

	if (cache.slots == NULL)
		return NULL;
	for (e = *slot_of(k); e != NULL; e = e->next)
		if (e->key.hash == k->hash && e->key.location == k->location &&
		    e->key.accepts == k->accepts &&
		    str_eq(e->key.path, k->path))
			break;
	return e;
}

bool
filetable_has_descriptor(const struct fileentry *e)
{
	return e->file.body != NULL && e->file.body->fd != -1;
}

/* Those that hold a descriptor. */
static timeout_fn on_held;
static struct timeoutq holders = { .fn = on_held };

static void
arm(struct fileentry *e)
{
	timeout_set(&holders, &e->hold, mono_add_ms(clock_now(), HOLD_MS));
}

void
filetable_hold(struct fileentry *e)
{
	cache.descriptors++;
	arm(e);
}

void
filetable_drop(struct fileentry *e)
{
	struct fileentry **at = slot_of(&e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&cache.queue, e, queue);
	timeout_clear(&e->hold);
	cache.nentries--;
	cache.bytes -= e->cost;
	cache.descriptors -= filetable_has_descriptor(e);
	file_close(&e->file);
	free(e->index);
	free(e);
}

/* The oldest that was not used lately goes. */
static void
evict(void)
{
	struct fileentry *e;

	while ((e = TAILQ_FIRST(&cache.queue)) != NULL && e->used) {
		e->used = false;
		TAILQ_REMOVE(&cache.queue, e, queue);
		TAILQ_INSERT_TAIL(&cache.queue, e, queue);
	}
	if (e != NULL)
		filetable_drop(e);
}

static struct fileentry *
entry_of(struct timeout *t)
{
	return (struct fileentry *)((char *)t -
	    offsetof(struct fileentry, hold));
}

static void
on_held(struct timeout *t)
{
	struct fileentry *e = entry_of(t);

	if (mono_us(e->checked, clock_now()) >= (int64_t)HOLD_MS * 1000)
		filetable_drop(e);
	else
		arm(e);
}

bool
filetable_drop_held(void)
{
	if (holders.first == NULL)
		return false;
	while (holders.first != NULL)
		filetable_drop(entry_of(holders.first));
	return true;
}

void
filetable_make_place(void)
{
	if (cache.descriptors >= DESCRIPTORS_MAX)
		(void)filetable_drop_held();
}

static int
open_table(void)
{
	if (cache.slots != NULL)
		return 0;
	cache.slots = calloc(SLOTS, sizeof(*cache.slots));
	if (cache.slots == NULL)
		return -1;
	TAILQ_INIT(&cache.queue);
	cache.seed = arc4random();
	return 0;
}

bool
filetable_make_room(const struct request *r, size_t n)
{
	uint64_t most = r->conf->file_cache;

	n += sizeof(struct fileentry) + r->path.n;
	if (n > most || r->path.n > PATH_BYTES || open_table() == -1)
		return false;
	while (cache.nentries > 0 && (cache.nentries >= ENTRIES_MAX ||
	    cache.bytes + file_bytes_kept() + n > most))
		evict();
	return cache.bytes + file_bytes_kept() + n <= most;
}

struct fileentry *
filetable_enter(const struct request *r, size_t n)
{
	size_t cost = sizeof(struct fileentry) + r->path.n + n;
	struct fileentry *e = calloc(1, sizeof(*e) + r->path.n);
	struct filekey k;

	if (e == NULL)
		return NULL;
	k = filetable_key(r);
	memcpy(e + 1, r->path.p, r->path.n);
	k.path.p = (const char *)(e + 1);
	e->key = k;
	e->cost = cost;
	e->checked = clock_now();
	e->next = *slot_of(&k);
	*slot_of(&k) = e;
	TAILQ_INSERT_TAIL(&cache.queue, e, queue);
	cache.nentries++;
	cache.bytes += cost;
	return e;
}

void
filetable_tick(struct mono now)
{
	timeoutq_run(&holders, now);
}

struct mono
filetable_next(struct mono until)
{
	return timeoutq_next(&holders, until);
}

void
filetable_free(void)
{
	if (cache.slots == NULL)
		return;
	while (!TAILQ_EMPTY(&cache.queue))
		filetable_drop(TAILQ_FIRST(&cache.queue));
	free(cache.slots);
	cache.slots = NULL;
	assert(cache.nentries == 0 && cache.bytes == 0 &&
	    cache.descriptors == 0);
}
