/*
 * The file cache: a hash table, and a queue in the order of arrival in which
 * what was used since it last came to the end gets another round.
 */
#include "worker/serve/filecache.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/beneath.h"
#include "worker/serve/file.h"
#include "worker/serve/variant.h"
#include "worker/timeout.h"

#define SLOTS		32768	/* of the table; a power of two */
#define ENTRIES_MAX	32768
#define DESCRIPTORS_MAX	128
#define BYTES_MAX	65536	/* larger files stay behind a descriptor */
#define PATH_BYTES	1024	/* longer paths are not kept */
#define HOLD_MS		5000	/* a descriptor nobody asks for is kept: a
				 * deleted file takes room on its disk */
#define TRUST_US	1000000	/* an entry is believed for so long */

/* What a request must have in common with an entry. */
struct key {
	const struct conf_location *location;	/* borrowed, process */
	struct str path;
	uint32_t accepts;		/* variant_class */
	uint32_t hash;
};

struct entry {
	struct entry *next;		/* in its slot */
	TAILQ_ENTRY(entry) queue;
	struct key key;			/* path: owned, behind the entry */
	struct mono checked;
	struct timeout hold;		/* armed while it has a descriptor */
	bool used;			/* since it last came to the end */
	size_t cost;			/* bytes, but for its body's */
	struct file file;		/* body NULL: a folder */
	char *index;			/* owned: a folder's index file */
};

TAILQ_HEAD(entries, entry);

static struct {
	struct entry **slots;		/* owned; NULL = nothing was kept */
	struct entries queue;
	size_t nentries;
	size_t bytes;			/* all costs */
	unsigned descriptors;
	uint32_t seed;			/* nobody can choose colliding paths */
} cache;

/* --- the table --- */

static struct key
key_of(const struct request *r)
{
	struct key k = { r->location, r->path, variant_class(r), 0 };
	uint32_t hash = cache.seed ^ k.accepts;

	for (size_t i = 0; i < k.path.n; i++)
		hash = (hash ^ (unsigned char)k.path.p[i]) * 16777619u;
	k.hash = hash ^ hash >> 15 ^ (uint32_t)((uintptr_t)k.location >> 4);
	return k;
}

static struct entry **
slot_of(const struct key *k)
{
	return &cache.slots[k->hash & (SLOTS - 1)];
}

static struct entry *
find(const struct key *k)
{
	struct entry *e;

	if (cache.slots == NULL)
		return NULL;
	for (e = *slot_of(k); e != NULL; e = e->next)
		if (e->key.hash == k->hash && e->key.location == k->location &&
		    e->key.accepts == k->accepts &&
		    str_eq(e->key.path, k->path))
			break;
	return e;
}

static bool
has_descriptor(const struct entry *e)
{
	return e->file.body != NULL && e->file.body->fd != -1;
}

/* Those behind a descriptor. */
static timeout_fn on_held;
static struct timeoutq holders = { .fn = on_held };

static void
hold(struct entry *e)
{
	timeout_set(&holders, &e->hold, mono_add_ms(clock_now(), HOLD_MS));
}

static void
drop(struct entry *e)
{
	struct entry **at = slot_of(&e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&cache.queue, e, queue);
	timeout_clear(&e->hold);
	cache.nentries--;
	cache.bytes -= e->cost;
	cache.descriptors -= has_descriptor(e);
	file_close(&e->file);
	free(e->index);
	free(e);
}

/* The oldest that was not used lately goes. */
static void
evict(void)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&cache.queue)) != NULL && e->used) {
		e->used = false;
		TAILQ_REMOVE(&cache.queue, e, queue);
		TAILQ_INSERT_TAIL(&cache.queue, e, queue);
	}
	if (e != NULL)
		drop(e);
}

static struct entry *
entry_of(struct timeout *t)
{
	return (struct entry *)((char *)t - offsetof(struct entry, hold));
}

static void
on_held(struct timeout *t)
{
	struct entry *e = entry_of(t);

	if (mono_us(e->checked, clock_now()) >= (int64_t)HOLD_MS * 1000)
		drop(e);
	else
		hold(e);
}

/* All that are behind a descriptor; those in use live until they are sent. */
static void
drop_descriptors(void)
{
	while (holders.first != NULL)
		drop(entry_of(holders.first));
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

/* Is there room for an entry with so many bytes more, or can it be made? What
 * was evicted but is still being sent takes its room on. */
static bool
make_room(const struct request *r, size_t n)
{
	uint64_t most = r->conf->file_cache;

	n += sizeof(struct entry) + r->path.n;
	if (n > most || r->path.n > PATH_BYTES || open_table() == -1)
		return false;
	while (cache.nentries > 0 && (cache.nentries >= ENTRIES_MAX ||
	    cache.bytes + file_bytes_kept() + n > most))
		evict();
	return cache.bytes + file_bytes_kept() + n <= most;
}

/* An entry without content, for which there is room: NULL when memory is
 * short. */
static struct entry *
enter(const struct request *r, size_t n)
{
	size_t cost = sizeof(struct entry) + r->path.n + n;
	struct entry *e = calloc(1, sizeof(*e) + r->path.n);
	struct key k;

	if (e == NULL)
		return NULL;
	k = key_of(r);
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

/* --- files --- */

/* Reads the file into memory: 0, or -1 when that cannot be, or it changed
 * meanwhile. Its descriptor is closed then. */
static int
load(struct file *f)
{
	struct file_body *b = f->body;
	size_t size = (size_t)f->size, done = 0;
	char *bytes = malloc(size > 0 ? size : 1);
	struct stat st;
	ssize_t n;

	while (bytes != NULL && done < size) {
		n = pread(b->fd, bytes + done, size - done, (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (bytes == NULL || done < size || fstat(b->fd, &st) == -1 ||
	    !file_is(f, &st)) {
		free(bytes);
		return -1;
	}
	(void)close(b->fd);
	ledger_give(1);
	b->fd = -1;
	b->bytes = bytes;
	return 0;
}

/* Text that was made for the request is copied: it lives as long as the bytes
 * that it is about. */
static int
keep_text(struct file *f)
{
	size_t etag = f->validators.etag.n, lines = f->lines.n;
	char *text = malloc(etag + lines + 2);

	if (text == NULL)
		return -1;
	memcpy(text, f->validators.etag.p, etag + 1);
	memcpy(text + etag + 1, f->lines.p, lines + 1);
	f->validators.etag.p = text;
	f->lines.p = text + etag + 1;
	f->body->text = text;
	return 0;
}

/* The file of r->path was opened: the next ones need not. */
static void
keep(const struct request *r, struct file *f)
{
	bool small = f->size <= BYTES_MAX;
	size_t cost = f->lines.n + f->validators.etag.n + 2 +
	    sizeof(*f->body) + (small ? (size_t)f->size : 0);
	struct entry *e;

	if (f->passing || f->compress)
		return;
	if (!small && cache.descriptors >= DESCRIPTORS_MAX)
		drop_descriptors();
	if (!make_room(r, cost) || (small && load(f) == -1) ||
	    keep_text(f) == -1)
		return;
	file_body_count(f->body, cost);
	e = enter(r, 0);
	if (e == NULL)
		return;
	e->file = *f;
	(void)file_body_use(f->body);
	if (has_descriptor(e)) {
		cache.descriptors++;
		hold(e);
	}
}

static void
hand_out(const struct request *r, const struct entry *e, struct file *f)
{
	*f = e->file;
	f->validators.now = r->started;
	(void)file_body_use(f->body);
}

/* An entry was opened again as f, and takes its place. The file alone does not
 * say whether it has variants now. */
static void
check(const struct request *r, struct entry *e, struct file *f)
{
	struct stat st = { .st_dev = f->id.dev, .st_ino = f->id.ino,
	    .st_size = f->size, .st_mtim = f->id.modified,
	    .st_ctim = f->id.changed };

	if (f->passing || !file_is(&e->file, &st) ||
	    !str_eq(f->lines, e->file.lines)) {
		drop(e);
		keep(r, f);
		return;
	}
	e->checked = clock_now();
	file_close(f);
	hand_out(r, e, f);
}

static bool
is_trusted(const struct entry *e)
{
	struct stat st;

	if (mono_us(e->checked, clock_now()) >= TRUST_US)
		return false;
	return !has_descriptor(e) || (fstat(e->file.body->fd, &st) == 0 &&
	    file_is(&e->file, &st));
}

/*
 * Does the path still lead to the same file? It need not be opened for that:
 * what would change who may read it would change its time of change. Only
 * whether it has variants now is not known then.
 */
static bool
confirm(const struct request *r, const char *path, struct entry *e)
{
	const struct conf_location *l = r->location;
	struct stat st;
	bool same;
	int fd;

	if (variant_may_be(l))
		return false;
	fd = beneath_open(l->root->fd, path, O_PATH, l->symlinks);
	if (fd == -1)
		return false;
	same = fstat(fd, &st) == 0 && file_is(&e->file, &st);
	(void)close(fd);
	if (same)
		e->checked = clock_now();
	return same;
}

static int
open_anew(struct request *r, const char *path, struct file *f)
{
	int status = file_open(r, path, f);

	if (status != 503 || cache.descriptors == 0)
		return status;
	drop_descriptors();
	return file_open(r, path, f);
}

int
filecache_open(struct request *r, const char *path, struct file *f)
{
	struct key k = key_of(r);
	struct entry *e = find(&k);
	int status;

	if (e != NULL && (is_trusted(e) || confirm(r, path, e))) {
		e->used = true;
		hand_out(r, e, f);
		return 0;
	}
	status = open_anew(r, path, f);
	/* Making room for the descriptor may have cost the entry its place. */
	e = find(&k);
	if (status != 0) {
		if (e != NULL)
			drop(e);
	} else if (e != NULL)
		check(r, e, f);
	else
		keep(r, f);
	return status;
}

/* --- folders --- */

const char *
filecache_index(struct request *r)
{
	struct key k = key_of(r);
	struct entry *e = find(&k);

	if (e == NULL)
		return NULL;
	if (e->index == NULL || !is_trusted(e)) {
		drop(e);
		return NULL;
	}
	e->used = true;
	return arena_strdup(&r->arena, str_from(e->index));
}

void
filecache_keep_index(struct request *r, const char *whole)
{
	size_t n = str_from(whole).n;
	struct entry *e;

	if (!make_room(r, n + 1))
		return;
	e = enter(r, n + 1);
	if (e == NULL)
		return;
	e->index = strdup(whole);
	if (e->index == NULL)
		drop(e);
}

void
filecache_tick(struct mono now)
{
	timeoutq_run(&holders, now);
}

struct mono
filecache_next(struct mono until)
{
	return timeoutq_next(&holders, until);
}

void
filecache_free(void)
{
	if (cache.slots == NULL)
		return;
	while (!TAILQ_EMPTY(&cache.queue))
		drop(TAILQ_FIRST(&cache.queue));
	free(cache.slots);
	cache.slots = NULL;
	assert(cache.nentries == 0 && cache.bytes == 0 &&
	    cache.descriptors == 0);
}
