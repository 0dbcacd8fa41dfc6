/* The log ring: order, room, withdrawal, and counters that make no sense. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/ring.h"
#include "common/shm.h"
#include "common/str.h"
#include "t/unit/tap.h"

#define SMALL	((size_t)64)

static struct ring producer, consumer;

/* A fresh ring of n bytes, seen by two views as two processes would. */
static void
ring_setup(size_t n)
{
	void *p = mmap(NULL, ring_bytes(n), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	producer = (struct ring){ .shared = p, .size = n };
	consumer = producer;
}

static void
ring_teardown(void)
{
	(void)munmap(producer.shared, ring_bytes(producer.size));
}

static bool
put(const char *line)
{
	return ring_put(&producer, line, strlen(line));
}

static void
put_committed(const char *line)
{
	(void)put(line);
	ring_commit(&producer, ring_mark(&producer));
}

/* Takes what is committed and compares. */
static bool
takes(const char *expected)
{
	char got[256];
	bool broken;
	size_t n = ring_peek(&consumer, got, sizeof(got), &broken);

	ring_consumed(&consumer, n);
	return !broken && n == strlen(expected) &&
	    memcmp(got, expected, n) == 0;
}

static void
test_order(void)
{
	uint64_t mark;

	ring_setup(SMALL);
	ok(takes(""), "a fresh ring is empty");
	ok(put("one\n"), "a line is put");
	mark = ring_mark(&producer);
	ok(put("two\n"), "and another");
	ok(takes(""), "neither is there before it is committed");
	ring_commit(&producer, mark);
	ok(takes("one\n"), "a mark commits what was put before it");
	ok(ring_used(&producer) == 4, "the other still takes room");
	ring_commit(&producer, ring_mark(&producer));
	ok(takes("two\n"), "and comes when it is committed");
	ok(ring_used(&producer) == 0, "then nothing is used");
	(void)put("gone\n");
	ring_withdraw(&producer);
	put_committed("kept\n");
	ok(takes("kept\n"), "a withdrawn line is never seen");
	ring_teardown();
}

static void
test_room(void)
{
	char line[SMALL + 1];
	bool broken;

	ring_setup(SMALL);
	memset(line, 'x', sizeof(line));
	ok(!ring_put(&producer, line, SMALL + 1), "too long for the ring");
	ok(ring_put(&producer, line, SMALL), "it can be filled to the brim");
	ok(!put("y"), "a full ring takes no more");
	ok(ring_take_dropped(&consumer) == 0, "and says so, no more");
	ring_drop(&producer);
	ring_drop(&producer);
	ok(ring_take_dropped(&consumer) == 2, "what is given up is counted");
	ok(ring_take_dropped(&consumer) == 0, "once");
	ring_commit(&producer, ring_mark(&producer));
	ok(ring_peek(&consumer, line, 10, &broken) == 10 && !broken,
	    "a line longer than the buffer comes in parts");
	ok(!put("y"), "peeking gives no room back");
	ring_consumed(&consumer, 10);
	ok(put("0123456789"), "consuming does");
	ring_teardown();
}

static void
test_whole_lines(void)
{
	char got[16];
	bool broken;

	ring_setup(SMALL);
	put_committed("abc\ndef\nghi\n");
	ok(ring_peek(&consumer, got, 10, &broken) == 8,
	    "only whole lines when the buffer is short");
	ok(ring_peek(&consumer, got, 10, &broken) == 8,
	    "peeking is repeatable");
	ring_teardown();
}

/* Lines of every length up to the ring's size at every place in it. */
static void
test_wrap(void)
{
	char line[SMALL], got[SMALL];
	size_t n, i, wrong = 0;
	bool broken;

	ring_setup(SMALL);
	for (i = 0; i < SMALL * SMALL; i++) {
		n = i % SMALL + 1;
		memset(line, 'a' + (int)(i % 26), n);
		line[n - 1] = '\n';
		if (!ring_put(&producer, line, n))
			wrong++;
		ring_commit(&producer, ring_mark(&producer));
		if (ring_peek(&consumer, got, sizeof(got), &broken) != n ||
		    broken || memcmp(got, line, n) != 0)
			wrong++;
		ring_consumed(&consumer, n);
	}
	ok(wrong == 0, "every length at every place: %zu wrong", wrong);
	ring_teardown();
}

static void
test_undecided(void)
{
	char got[SMALL];

	ring_setup(SMALL);
	put_committed("done\n");
	(void)put("half\nalso\n");
	ok(takes("done\n"), "the dead worker's committed line");
	ok(ring_peek_undecided(&consumer, got, sizeof(got)) == 10 &&
	    memcmp(got, "half\nalso\n", 10) == 0, "then the undecided ones");
	ring_consumed(&consumer, 10);
	ok(ring_peek_undecided(&consumer, got, sizeof(got)) == 0,
	    "and no more");
	atomic_store(&producer.shared->pending, 3);
	ok(ring_peek_undecided(&consumer, got, sizeof(got)) == 0,
	    "a pending counter before the tail gives nothing");
	atomic_store(&producer.shared->pending, UINT64_MAX / 2);
	ok(ring_peek_undecided(&consumer, got, sizeof(got)) == 0,
	    "nor does one far beyond");
	ring_teardown();
}

static void
check_nonsense(uint64_t head)
{
	char got[SMALL];
	bool broken = false;
	size_t n;

	atomic_store(&producer.shared->head, head);
	n = ring_peek(&consumer, got, sizeof(got), &broken);
	ok(n == 0 && broken, "head %llx is refused", (unsigned long long)head);
	n = ring_peek(&consumer, got, sizeof(got), &broken);
	ok(n == 0 && !broken, "and the ring is empty after it");
}

static void
test_nonsense(void)
{
	ring_setup(SMALL);
	put_committed("fine\n");
	ok(takes("fine\n"), "before");
	check_nonsense(5 + SMALL + 1);
	check_nonsense(2);
	check_nonsense(0);
	check_nonsense((uint64_t)1 << 63);
	check_nonsense(UINT64_MAX);
	atomic_store(&producer.shared->pending,
	    atomic_load(&producer.shared->head));
	put_committed("again\n");
	ok(takes("again\n"), "it works on from there");
	ring_teardown();
}

/* --- two processes --- */

#define LINES	1000000

/* Every third line is taken back once before it is put for good. */
static void
produce(void)
{
	char line[64];
	uint64_t i;
	size_t n;

	for (i = 0; i < LINES; i++) {
		n = str_put_u64(line, i);
		memset(line + n, '.', i % 7);
		n += i % 7;
		line[n++] = '\n';
		while (producer.size - ring_used(&producer) < 2 * n)
			(void)sched_yield();
		if (i % 3 == 0) {
			(void)ring_put(&producer, "withdrawn\n", 10);
			ring_withdraw(&producer);
		}
		(void)ring_put(&producer, line, n);
		ring_commit(&producer, ring_mark(&producer));
	}
}

/* How many of the n bytes' lines are not the next number. */
static size_t
check_lines(const char *p, size_t n, uint64_t *next)
{
	size_t wrong = 0, digits;
	const char *end;
	uint64_t got;

	while (n > 0 && (end = memchr(p, '\n', n)) != NULL) {
		for (digits = 0; ascii_digit(p[digits]); digits++)
			continue;
		if (str_u64((struct str){ p, digits }, LINES, &got) == -1 ||
		    got != *next || digits + *next % 7 != (size_t)(end - p))
			wrong++;
		++*next;
		n -= (size_t)(end + 1 - p);
		p = end + 1;
	}
	return wrong + n;
}

static void
test_two_processes(void)
{
	char got[1000];
	uint64_t next = 0;
	size_t n, wrong = 0;
	int status;
	bool broken;
	pid_t pid;

	ring_setup(4096);
	pid = fork();
	if (pid == 0) {
		produce();
		_exit(0);
	}
	while (pid > 0 && next < LINES && wrong == 0) {
		n = ring_peek(&consumer, got, sizeof(got), &broken);
		if (n == 0)
			(void)sched_yield();
		wrong += broken + check_lines(got, n, &next);
		ring_consumed(&consumer, n);
	}
	ok(pid > 0 && next == LINES && wrong == 0,
	    "%llu lines from another process, %zu wrong",
	    (unsigned long long)next, wrong);
	ok(waitpid(pid, &status, 0) == pid && status == 0, "it ended well");
	ring_teardown();
}

static void
test_shm(void)
{
	struct shm s;

	ok(shm_open_worker(&s) == 0, "a worker's memory is mapped");
	ok(s.access.size == SHM_ACCESS_RING && s.errors.size == SHM_ERROR_RING,
	    "with both rings");
	memset(s.score, 1, sizeof(*s.score));
	ok(ring_used(&s.access) == 0, "the scoreboard ends before the ring");
	memset(s.access.shared->data, 1, s.access.size);
	ok(ring_used(&s.errors) == 0, "the one ring ends before the other");
	memset(s.errors.shared->data, 1, s.errors.size);
	shm_close(&s);
	ok(s.map == NULL, "and unmapped");
	shm_close(&s);
}

int
main(void)
{
	test_order();
	test_room();
	test_whole_lines();
	test_wrap();
	test_undecided();
	test_nonsense();
	test_two_processes();
	test_shm();
	return done_testing();
}
