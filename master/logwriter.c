/*
 * The log rings' consumer: takes lines out of shared memory, makes them
 * harmless and hands them to the files.
 */
#include "master/logwriter.h"

#include <string.h>

#include "common/log.h"
#include "common/ring.h"
#include "master/generation.h"
#include "master/logs.h"

/* Taken from a ring at a time, and written in one piece. */
#define CHUNK		((size_t)64 << 10)
/* Written to one log in a turn of the master's loop, by all rings. */
#define TURN_BYTES	((size_t)256 << 10)
/* Bytes that are looked at together. */
#define BLOCK		32
/* What is wrong with a worker's rings is told this often at most. */
#define REPORT_US	1000000
/* What stands before the newline of a line whose response may not have left;
 * in JSON, in place of its last brace. */
#define KILLED		" killed"
#define KILLED_JSON	",\"killed\":true}"

/* --- lines that are not believed --- */

static bool
is_control(char c)
{
	return (((unsigned char)c < 0x20) & (c != '\n')) | (c == 0x7f);
}

/* Every line of every worker comes by here: without a way out of the inner
 * loop the compiler looks at many bytes at once. */
static bool
is_clean(const char *p, size_t n)
{
	size_t i = 0;
	unsigned found = 0;

	for (; n - i >= BLOCK && found == 0; i += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			found |= is_control(p[i + k]);
	for (; i < n; i++)
		found |= is_control(p[i]);
	return found == 0 && (n == 0 || p[n - 1] == '\n');
}

/* Copies with control bytes escaped and a newline at the end; dst has room
 * for four times n and one. */
static size_t
clean(char *dst, const char *p, size_t n)
{
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		if (is_control(p[i]))
			used += log_escape(dst + used, 4, p + i, 1);
		else
			dst[used++] = p[i];
	}
	if (used > 0 && dst[used - 1] != '\n')
		dst[used++] = '\n';
	return used;
}

/* Hands over at most CHUNK bytes from a ring, and perhaps a mark. */
static void
put_lines(struct logs *l, struct logfile *f, const char *p, size_t n)
{
	static char cleaned[4 * (CHUNK + sizeof(KILLED_JSON)) + 1];

	if (!is_clean(p, n)) {
		n = clean(cleaned, p, n);
		p = cleaned;
	}
	if (f == &l->error)
		logs_put_error(l, p, n);
	else
		logfile_put(f, p, n);
}

/* How many of the n bytes from a ring may leave it. What waits for a slow
 * reader stays there, and outlives a master that is killed: its worker writes
 * it. Escaped lines are others than the ring's. */
static size_t
offer_lines(struct logs *l, struct logfile *f, const char *p, size_t n)
{
	if (is_clean(p, n) && !(l->echo && f == &l->error))
		return logfile_offer(f, p, n);
	put_lines(l, f, p, n);
	return n;
}

/* --- draining --- */

static void
report_rings(struct worker_process *w)
{
	unsigned long long access = ring_take_dropped(&w->shm.access);
	unsigned long long errors = ring_take_dropped(&w->shm.errors);

	/* Such a worker's counts make no sense either. */
	if (w->broken)
		log_error("worker %u: its log rings made no sense and were "
		    "emptied", w->slot);
	else if (access > 0 || errors > 0)
		log_warn("worker %u: %llu access and %llu error lines lost, "
		    "its rings were full", w->slot, access, errors);
	else
		return;
	w->broken = false;
	w->told_rings_at = clock_now();
}

/* A hijacked worker must not fill the error log with what is said of it. */
static void
report_rings_seldom(struct worker_process *w)
{
	if (!mono_is_set(w->told_rings_at) ||
	    mono_us(w->told_rings_at, clock_now()) >= REPORT_US)
		report_rings(w);
}

/* Takes up to about limit bytes; true when there may be more. */
static bool
drain_ring(struct logs *l, struct logfile *f, struct ring *r, size_t limit,
    bool *ever_broken)
{
	static char chunk[CHUNK];
	size_t n, used, taken = 0;
	bool broken;

	while (!logfile_is_stuck(f)) {
		n = ring_peek(r, chunk, sizeof(chunk), &broken);
		*ever_broken |= broken;
		if (n == 0)
			return false;
		used = offer_lines(l, f, chunk, n);
		ring_consumed(r, used);
		if (used < n)
			return false;
		taken += n;
		if (taken >= limit)
			return true;
	}
	return false;
}

static bool
drain_worker(struct logs *l, struct worker_process *w, size_t limit)
{
	bool more = drain_ring(l, &l->access, &w->shm.access, limit,
	    &w->broken);

	if (drain_ring(l, &l->error, &w->shm.errors, limit, &w->broken))
		more = true;
	report_rings_seldom(w);
	return more;
}

static unsigned
count_rings(const struct generation *g)
{
	unsigned n = 0;

	for (; g != NULL; g = g->next)
		n += g->nworkers;
	return n == 0 ? 1 : n;
}

bool
logwriter_drain(struct logs *l, const struct generation *all)
{
	size_t limit = TURN_BYTES / count_rings(all);
	const struct generation *g;
	bool more = false;
	unsigned i;

	logfile_flush(&l->access);
	logfile_flush(&l->error);
	for (g = all; g != NULL; g = g->next)
		for (i = 0; i < g->nworkers; i++)
			if (g->workers[i].shm.map != NULL &&
			    drain_worker(l, &g->workers[i], limit))
				more = true;
	return more;
}

/* --- what the dead leave --- */

/* What there is of n and a chunk. */
static size_t
chunk_of(size_t n)
{
	return n < CHUNK ? n : CHUNK;
}

/*
 * Everything committed, and no waiting: a slow reader loses lines here. A
 * child of the dead worker may hold the memory still and move the counters as
 * fast as lines are taken, so a ring is emptied of no more than it can hold.
 */
static void
drain_all(struct logs *l, struct logfile *f, struct ring *r)
{
	static char chunk[CHUNK];
	size_t n, left = r->size;
	bool broken = false;

	while (left > 0 &&
	    (n = ring_peek(r, chunk, chunk_of(left), &broken)) > 0) {
		put_lines(l, f, chunk, n);
		ring_consumed(r, n);
		left -= n;
	}
}

/* Each line with its mark; one that is not ended gets its end here. As many
 * as fit go out together: there may be millions of empty ones. */
/* The mark for a line of n bytes. */
static struct str
killed(const char *line, size_t n)
{
	return n > 0 && line[n - 1] == '}' ? STR(KILLED_JSON) : STR(KILLED);
}

static void
put_undecided(struct logs *l, struct logfile *f, const char *p, size_t n)
{
	static char lines[CHUNK + sizeof(KILLED_JSON)];
	const char *newline;
	size_t len, used = 0;
	struct str mark;

	while (n > 0) {
		newline = memchr(p, '\n', n);
		len = newline == NULL ? n : (size_t)(newline - p);
		if (used + len + sizeof(KILLED_JSON) > sizeof(lines)) {
			put_lines(l, f, lines, used);
			used = 0;
		}
		mark = killed(p, len);
		memcpy(lines + used, p, len);
		/* The brace is part of the mark. */
		used += len - (mark.p[0] == ',');
		memcpy(lines + used, mark.p, mark.n);
		used += mark.n;
		lines[used++] = '\n';
		len += newline != NULL;
		p += len;
		n -= len;
	}
	put_lines(l, f, lines, used);
}

/* Bounded as above. */
static void
drain_undecided(struct logs *l, struct logfile *f, struct ring *r)
{
	static char chunk[CHUNK];
	size_t n, left = r->size;

	while (left > 0 &&
	    (n = ring_peek_undecided(r, chunk, chunk_of(left))) > 0) {
		put_undecided(l, f, chunk, n);
		ring_consumed(r, n);
		left -= n;
	}
}

void
logwriter_drain_dead(struct logs *l, struct worker_process *w)
{
	drain_all(l, &l->access, &w->shm.access);
	drain_undecided(l, &l->access, &w->shm.access);
	drain_all(l, &l->error, &w->shm.errors);
	report_rings(w);
}
