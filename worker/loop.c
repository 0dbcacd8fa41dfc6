/*
 * The pselect() loop: a hot set that every turn waits on, and a cold rest whose
 * members announce themselves, or else are looked at from time to time.
 *
 * Everything is a bitmap of descriptors: what is watched for reading and for
 * writing, what is hot, what moved since the hot set was last cooled, what
 * announces itself. So idle connections leave the hot set without a list or a
 * timer of their own.
 */
#include "worker/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "common/fdset.h"
#include "worker/announce.h"

#define COOL_US		100000	/* what did not move for so long gets cold */
#define SCAN_MIN_US	1000	/* the shortest time between looks at the
				 * cold */
#define SCAN_FACTOR	20	/* a look may cost this part of the time, */
#define SCAN_SOON_US	10000	/* or, when that would be later, */
#define SCAN_FACTOR_MANY 10	/* this part of it */
#define SIGNAL_US	10000	/* signals are admitted at least this often */
#define SLEEP_MAX_US	1000000	/* or the worker would look frozen */
#define DOUBT_US	1000000	/* who announces himself is looked at so
				 * seldom: no kernel is trusted for ever */
#define ANNOUNCED_MAX	256	/* taken in a turn */
#define COOLED_MAX	2048	/* at a time: they cost some system calls */
#define NSETS		9

struct slot {
	loop_fn *fn;		/* NULL = not watched */
	void *arg;		/* borrowed */
};

struct loop {
	struct slot *slots;	/* owned, by descriptor */
	int nslots;		/* and what every set below has room for */
	struct fdset read;	/* watched for reading */
	struct fdset write;	/* watched for writing */
	struct fdset hot;	/* waited on in every turn */
	struct fdset moved;	/* ready or changed since the last cooling */
	struct fdset pinned;	/* never cold: delivered last */
	struct fdset announced;	/* says itself when it is ready */
	struct fdset rd, wr;	/* of this turn: asked, then ready */
	struct fdset ready;	/* of this turn: still to deliver */
	struct mono cool_at;
	struct mono scan_at;
	struct mono doubt_at;	/* when all are looked at in any case */
	struct mono admitted;	/* when signals were last let in */
	int announcer;		/* owned; who says so; -1 = nobody can */
	bool lost;		/* somebody did whom we do not know */
};

static void on_announced(void *arg, enum loop_events ready);

/* All sets grow together, so that no turn can fail for want of memory; rd and
 * wr are the last two. */
static void
all_sets(struct loop *l, struct fdset *sets[NSETS])
{
	struct fdset *all[NSETS] = { &l->read, &l->write, &l->hot, &l->moved,
	    &l->pinned, &l->announced, &l->ready, &l->rd, &l->wr };

	memcpy(sets, all, sizeof(all));
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->admitted = clock_now();
	l->announcer = announce_open();
	if (l->announcer != -1 && loop_watch_last(l, l->announcer, LOOP_READ,
	    on_announced, l) == -1) {
		loop_free(l);
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	struct fdset *sets[NSETS];

	all_sets(l, sets);
	for (size_t i = 0; i < NSETS; i++)
		fdset_free(sets[i]);
	if (l->announcer != -1)
		(void)close(l->announcer);
	free(l->slots);
	free(l);
}

static int
grow(struct loop *l, int nfds)
{
	int n = l->nslots < 256 ? 256 : l->nslots;
	struct fdset *sets[NSETS];
	struct slot *slots;

	while (n < nfds)
		n *= 2;
	all_sets(l, sets);
	for (size_t i = 0; i < NSETS; i++)
		if (fdset_grow(sets[i], n) == -1)
			return -1;
	slots = realloc(l->slots, (size_t)n * sizeof(*slots));
	if (slots == NULL)
		return -1;
	memset(slots + l->nslots, 0,
	    (size_t)(n - l->nslots) * sizeof(*slots));
	l->slots = slots;
	l->nslots = n;
	return 0;
}

static void
set_member(struct fdset *s, int fd, bool member)
{
	if (member)
		fdset_add(s, fd);
	else
		fdset_del(s, fd);
}

int
loop_watch(struct loop *l, int fd, enum loop_events want, loop_fn *fn,
    void *arg)
{
	assert(fd >= 0 && fn != NULL);
	if (fd >= l->nslots && grow(l, fd + 1) == -1)
		return -1;
	l->slots[fd] = (struct slot){ fn, arg };
	set_member(&l->read, fd, want & LOOP_READ);
	set_member(&l->write, fd, want & LOOP_WRITE);
	fdset_add(&l->hot, fd);
	fdset_add(&l->moved, fd);
	return 0;
}

int
loop_watch_last(struct loop *l, int fd, enum loop_events want, loop_fn *fn,
    void *arg)
{
	if (loop_watch(l, fd, want, fn, arg) == -1)
		return -1;
	fdset_add(&l->pinned, fd);
	return 0;
}

void
loop_forget(struct loop *l, int fd)
{
	struct fdset *sets[NSETS];

	if (fd < 0 || fd >= l->nslots)
		return;
	l->slots[fd] = (struct slot){ 0 };
	all_sets(l, sets);
	/* What was found ready in this turn is still delivered, to others. */
	for (size_t i = 0; i < NSETS - 2; i++)
		fdset_del(sets[i], fd);
}

/* --- the hot and the cold --- */

static void
warm(struct loop *l, int fd)
{
	fdset_add(&l->hot, fd);
	fdset_add(&l->moved, fd);
	if (fdset_has(&l->announced, fd)) {
		fdset_del(&l->announced, fd);
		announce_stop(fd);
	}
}

/* What comes before it announces itself would go unseen, so it is hot for one
 * more time after that. */
static void
cool_one(struct loop *l, int fd)
{
	if (l->announcer != -1 && fdset_has(&l->write, fd) &&
	    announce_is_mute(fd))
		return;
	if (l->announcer != -1 && !fdset_has(&l->announced, fd) &&
	    announce_start(fd) == 0)
		fdset_add(&l->announced, fd);
	else
		fdset_del(&l->hot, fd);
}

/* What was not ready since the last cooling leaves the hot set. */
static void
cool(struct loop *l, struct mono now)
{
	int fd, n = 0;

	if (mono_before(now, l->cool_at))
		return;
	for (fd = 0; n < COOLED_MAX &&
	    (fd = fdset_next(&l->hot, fd, l->nslots)) != -1; fd++) {
		if (fdset_has(&l->moved, fd) || fdset_has(&l->pinned, fd))
			continue;
		cool_one(l, fd);
		n++;
	}
	fdset_clear(&l->moved);
	l->cool_at = mono_add_us(now, COOL_US);
}

static void
on_announced(void *arg, enum loop_events ready)
{
	struct loop *l = arg;
	int fds[ANNOUNCED_MAX], n;

	(void)ready;
	n = announce_read(l->announcer, fds, ANNOUNCED_MAX, &l->lost);
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0 && fds[i] < l->nslots &&
		    l->slots[fds[i]].fn != NULL)
			warm(l, fds[i]);
}

/* Does this turn look at the cold descriptors too? */
enum look {
	LOOK_HOT,		/* no: wait on the hot ones; the others say
				 * when they are ready */
	LOOK_SOON,		/* not yet: wait for the time to */
	LOOK_SCAN,		/* yes, without waiting: the hot ones are
				 * busy */
	LOOK_ALL		/* yes, and wait: nothing is hot */
};

static enum look
choose(struct loop *l, struct mono now)
{
	fdset_union(&l->rd, &l->hot, &l->announced, l->nslots);
	if (!l->lost && fdset_within(&l->read, &l->rd, l->nslots) &&
	    fdset_within(&l->write, &l->rd, l->nslots))
		return mono_before(now, l->doubt_at) ? LOOK_HOT : LOOK_SCAN;
	if (fdset_within(&l->hot, &l->pinned, l->nslots))
		return LOOK_ALL;
	return mono_before(now, l->scan_at) ? LOOK_SOON : LOOK_SCAN;
}

/* Fills rd and wr with what this turn asks for; returns select()'s nfds. */
static int
ask(struct loop *l, enum look look)
{
	bool hot = look == LOOK_HOT || look == LOOK_SOON;
	int end;

	fdset_intersect(&l->rd, &l->read, hot ? &l->hot : &l->read,
	    l->nslots);
	fdset_intersect(&l->wr, &l->write, hot ? &l->hot : &l->write,
	    l->nslots);
	fdset_union(&l->ready, &l->rd, &l->wr, l->nslots);
	end = fdset_end(&l->ready);
	fdset_clear(&l->ready);
	return end;
}

static int
wait_for(struct loop *l, int nfds, int64_t us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	return pselect(nfds, nfds == 0 ? NULL : fdset_raw(&l->rd),
	    nfds == 0 ? NULL : fdset_raw(&l->wr), NULL, &ts,
	    announce_wait_mask());
}

static int64_t
wait_us(const struct loop *l, enum look look, struct mono now,
    struct mono until)
{
	int64_t us = SLEEP_MAX_US;

	if (look == LOOK_SCAN)
		return 0;
	if (look == LOOK_SOON && mono_us(now, l->scan_at) < us)
		us = mono_us(now, l->scan_at);
	if (mono_is_set(until) && mono_us(now, until) < us)
		us = mono_us(now, until);
	return us < 0 ? 0 : us;
}

/* Linux lets no signal into a pselect() that finds something ready, so a busy
 * loop admits them by one that asks for nothing. */
static void
admit_signals(struct loop *l, int nready, struct mono now)
{
	static const struct timespec zero;

	if (nready > 0) {
		if (mono_us(l->admitted, now) < SIGNAL_US)
			return;
		(void)pselect(0, NULL, NULL, NULL, &zero,
		    announce_wait_mask());
	}
	l->admitted = now;
}

static void
deliver_one(struct loop *l, int fd)
{
	struct slot slot = l->slots[fd];
	int events = LOOP_NONE;

	fdset_del(&l->ready, fd);
	if (fdset_has(&l->rd, fd) && fdset_has(&l->read, fd))
		events |= LOOP_READ;
	if (fdset_has(&l->wr, fd) && fdset_has(&l->write, fd))
		events |= LOOP_WRITE;
	if (slot.fn == NULL || events == LOOP_NONE)
		return;
	warm(l, fd);
	slot.fn(slot.arg, (enum loop_events)events);
}

/* A callback may watch and forget any descriptor: ready is looked at anew
 * after each, and a forgotten one has left it. */
static void
deliver(struct loop *l, int nfds)
{
	int fd;

	fdset_union(&l->ready, &l->rd, &l->wr, nfds);
	for (fd = 0; (fd = fdset_next(&l->ready, fd, nfds)) != -1; fd++)
		if (!fdset_has(&l->pinned, fd))
			deliver_one(l, fd);
	for (fd = 0; (fd = fdset_next(&l->ready, fd, nfds)) != -1; fd++)
		deliver_one(l, fd);
}

/* When the next look is due, after one that cost so much of the processor: on a
 * busy machine it may well have taken longer. To look at the cold in pieces, or
 * with poll(), costs as much in all; to wait on them costs five times that. */
static void
set_next_scan(struct loop *l, int64_t cost)
{
	int64_t us = SCAN_FACTOR * cost;

	if (us > SCAN_SOON_US)
		us = SCAN_FACTOR_MANY * cost > SCAN_SOON_US ?
		    SCAN_FACTOR_MANY * cost : SCAN_SOON_US;
	l->scan_at = mono_add_us(clock_now(),
	    us < SCAN_MIN_US ? SCAN_MIN_US : us);
}

void
loop_turn(struct loop *l, struct mono until)
{
	struct mono before = clock_now();
	int64_t cpu = 0;
	enum look look;
	int nfds, n;
	bool looked;

	cool(l, before);
	look = choose(l, before);
	if (look == LOOK_SCAN)
		cpu = clock_cpu_us();
	nfds = ask(l, look);
	n = wait_for(l, nfds, wait_us(l, look, before, until));
	assert(n != -1 || errno == EINTR || errno == ENOMEM);
	looked = (look == LOOK_SCAN || look == LOOK_ALL) &&
	    (n != -1 || errno == EINTR);
	clock_update();
	if (looked) {
		l->lost = false;
		l->doubt_at = mono_add_us(clock_now(), DOUBT_US);
	}
	if (look == LOOK_SCAN)
		set_next_scan(l, clock_cpu_us() - cpu);
	admit_signals(l, n, clock_now());
	if (n > 0)
		deliver(l, nfds);
}
