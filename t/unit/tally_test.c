/*
 * A total over processes: none is forgotten, none is counted twice, and what a
 * dead one had is free again.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/tally.h"
#include "t/unit/tap.h"

static struct tally t;

static void
test_one(void)
{
	unsigned a = tally_take(&t), b = tally_take(&t);

	ok(a != 0 && b != 0 && a != b, "columns %u and %u", a, b);
	ok(tally_add(t.shared, a, 60, 100), "60 of 100");
	ok(tally_add(t.shared, b, 40, 100), "40 more in another column");
	ok(!tally_add(t.shared, b, 1, 100), "not one more");
	ok(!tally_add(t.shared, a, 1, 100), "in either column");
	tally_sub(t.shared, a, 1);
	ok(tally_add(t.shared, b, 1, 100), "but one that was given back");
	tally_give(&t, a);
	ok(tally_add(t.shared, b, 59, 100), "and all of a column that went");
	ok(!tally_add(t.shared, b, UINT64_MAX, UINT64_MAX - 1), "no overflow");
	a = tally_take(&t);
	ok(!tally_add(t.shared, a, 1, 100), "a new column begins empty");
	tally_give(&t, a);
	tally_give(&t, b);
	tally_give(&t, 0);
}

static void
test_all(void)
{
	unsigned i, n;

	for (n = 0; tally_take(&t) != 0; n++)
		continue;
	ok(n == TALLY_COLUMNS, "%u columns, and no more", n);
	for (i = 1; i <= n; i++)
		tally_give(&t, i);
	ok(tally_take(&t) == 1, "and all are there again");
	tally_give(&t, 1);
}

/* Many processes take and give back at the same time. */
static void
test_processes(void)
{
	const unsigned processes = 4, rounds = 20000;
	unsigned i, k, column[4];
	int status, bad = 0;

	for (i = 0; i < processes; i++) {
		column[i] = tally_take(&t);
		if (fork() != 0)
			continue;
		for (k = 0; k < rounds; k++) {
			while (!tally_add(t.shared, column[i], 30, 100))
				continue;
			tally_sub(t.shared, column[i], 30);
		}
		/* And one that dies with what it has. */
		while (!tally_add(t.shared, column[i], 10, 100))
			continue;
		_exit(0);
	}
	for (i = 0; i < processes; i++)
		if (wait(&status) == -1 || status != 0)
			bad++;
	ok(bad == 0, "four processes came and went");
	k = tally_take(&t);
	ok(!tally_add(t.shared, k, 61, 100) && tally_add(t.shared, k, 60, 100),
	    "what they had is still counted");
	tally_sub(t.shared, k, 60);
	for (i = 0; i < processes; i++)
		tally_give(&t, column[i]);
	ok(tally_add(t.shared, k, 100, 100), "until they are buried");
}

int
main(void)
{
	ok(tally_open(&t) == 0, "opened");
	test_one();
	test_all();
	test_processes();
	tally_close(&t);
	ok(t.shared == NULL, "closed");
	return done_testing();
}
