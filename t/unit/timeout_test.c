/* timeout and ledger. */
#include <stddef.h>
#include <sys/resource.h>

#include "t/unit/tap.h"
#include "worker/ledger.h"
#include "worker/timeout.h"

static struct timeout *fired[16];
static int nfired;
static struct timeoutq q;
static struct timeout *rearm;

static void
fire(struct timeout *t)
{
	fired[nfired++] = t;
	if (t == rearm) {
		rearm = NULL;
		timeout_set(&q, t, (struct mono){ 1000 });
	}
}

static void
test_order(void)
{
	struct timeout t[4] = { 0 };

	q.fn = fire;
	timeout_set(&q, &t[0], (struct mono){ 30 });
	timeout_set(&q, &t[1], (struct mono){ 40 });
	timeout_set(&q, &t[2], (struct mono){ 10 });
	timeout_set(&q, &t[3], (struct mono){ 30 });
	ok(q.first == &t[2] && t[2].next == &t[0] && t[0].next == &t[3] &&
	    q.last == &t[1], "sorted, equals in order of arrival");
	ok(timeoutq_next(&q, (struct mono){ 0 }).us == 10, "the next");
	ok(timeoutq_next(&q, (struct mono){ 5 }).us == 5, "or an earlier one");
	timeout_set(&q, &t[2], (struct mono){ 50 });
	ok(q.last == &t[2] && q.first == &t[0], "armed again");
	timeout_clear(&t[3]);
	timeout_clear(&t[3]);
	ok(!timeout_is_set(&t[3]) && t[0].next == &t[1], "cleared, twice");
	rearm = &t[0];
	timeoutq_run(&q, (struct mono){ 45 });
	ok(nfired == 2 && fired[0] == &t[0] && fired[1] == &t[1],
	    "those that are due, once each");
	ok(timeout_is_set(&t[0]), "armed from within");
	timeoutq_run(&q, (struct mono){ 2000 });
	ok(nfired == 4 && q.first == NULL && q.last == NULL, "all");
	ok(!mono_is_set(timeoutq_next(&q, (struct mono){ 0 })), "none left");
}

static void
test_ledger(void)
{
	struct rlimit limit = { 200, 200 };

	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	ledger_open(4096, 40);
	ok(ledger_connections_max() == 120, "three quarters of 160: %u",
	    ledger_connections_max());
	for (int i = 0; i < 108; i++)
		(void)ledger_take_connection();
	ok(!ledger_is_scarce(), "nine tenths");
	for (int i = 0; i < 12; i++)
		(void)ledger_take_connection();
	ok(ledger_is_scarce() && !ledger_take_connection(), "all taken");
	ok(ledger_take(40) && !ledger_take(1), "work has its own");
	ok(ledger_used() == 200, "and it all adds up");
	ledger_give(3);
	ledger_give_connection();
	ok(ledger_take(3) && ledger_take_connection(), "given back");
	ledger_open(10, 40);
	ok(ledger_connections_max() == 10, "never more than configured");
}

/* The budget only reads the limit: nothing is opened. */
static void
test_large_ledger(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_max < 20000) {
		ok(true, "# SKIP 20000 descriptors cannot be had");
		return;
	}
	limit.rlim_cur = 20000;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	ledger_open(20000, 40);
	ok(ledger_connections_max() == 20000 - 40 - 2048,
	    "of many, 2048 are for work: %u", ledger_connections_max());
}

int
main(void)
{
	test_order();
	test_large_ledger();
	test_ledger();
	return done_testing();
}
