/*
 * A table of addresses that processes share: a million of them leave it as
 * large as it was, and right; and what a dead worker held is free again.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/net.h"
#include "common/peers.h"
#include "t/unit/tap.h"

#define SECOND	INT64_C(1000000000)

static struct peers *p;

static uint64_t
v4(uint32_t n, uint64_t purpose)
{
	struct net_addr a = { .in4 = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(n) } };

	return peers_key(p, &a, purpose);
}

static uint64_t
key_of(const char *text)
{
	struct net_addr a = { .family = AF_UNIX };

	if (*text != '\0' && net_addr_parse(str_from(text), 80, &a) == -1)
		exit(1);
	return peers_key(p, &a, 1);
}

static void
test_keys(void)
{
	ok(key_of("2001:db8::1") == key_of("2001:db8::ffff:1"), "one /64");
	ok(key_of("2001:db8::1") != key_of("2001:db8:0:1::1"), "two");
	ok(key_of("192.0.2.7") == key_of("::ffff:192.0.2.7"), "IPv4 in IPv6");
	ok(key_of("192.0.2.7") != key_of("192.0.2.8"), "two of IPv4");
	ok(key_of("") == key_of("") && key_of("") != key_of("0.0.0.0"),
	    "UNIX sockets");
	ok(v4(1, 1) != v4(1, 2), "one address for two purposes");
}

static void
test_holds(void)
{
	uint64_t a = v4(1, 0), b = v4(2, 0);
	int i, held = 0;

	for (i = 0; i < 10; i++)
		held += peers_hold(p, 1 + (unsigned)i % 2, a, 5) ==
		    PEERS_HELD;
	ok(held == 5, "5 in two columns: %d", held);
	ok(peers_hold(p, 3, a, 5) == PEERS_OVER, "nor in a third");
	ok(peers_hold(p, 3, b, 5) == PEERS_HELD, "others may");
	peers_release(p, 1, a);
	ok(peers_hold(p, 3, a, 5) == PEERS_HELD, "one went, one came");
	peers_forget(p, 2);
	held = 0;
	for (i = 0; i < 10; i++)
		held += peers_hold(p, 4, a, 5) == PEERS_HELD;
	ok(held == 2, "what column 2 had is free: %d", held);
	peers_forget(p, 1);
	peers_forget(p, 3);
	peers_forget(p, 4);
	peers_forget(p, 0);
	ok(peers_hold(p, 1, a, 1) == PEERS_HELD &&
	    peers_hold(p, 1, b, 1) == PEERS_HELD, "and all is");
	peers_forget(p, 1);
	for (i = 0; i < (int)PEERS_MOST; i++)
		held = peers_hold(p, 4096, a, PEERS_MOST);
	ok(held == PEERS_HELD &&
	    peers_hold(p, 4096, a, PEERS_MOST) == PEERS_OVER &&
	    peers_hold(p, 4096, a, 100000) == PEERS_UNCOUNTED,
	    "as many as can be counted");
	peers_forget(p, 4096);
}

static void
test_rate(void)
{
	struct peers_cost c = { SECOND / 5, 4 * SECOND, 100 * SECOND };
	uint64_t key = v4(3, 1);
	int i, n = 0;

	for (i = 0; i < 100; i++)
		n += peers_spend(p, key, &c) == 0;
	ok(n == 20, "a burst of 20: %d", n);
	ok(peers_spend(p, key, &c) == SECOND / 5, "the next in 0.2 s");
	c.now += SECOND / 5 - 1;
	ok(peers_spend(p, key, &c) == 1, "not before");
	c.now++;
	ok(peers_spend(p, key, &c) == 0 && peers_spend(p, key, &c) != 0,
	    "then one");
	c.now += 2 * SECOND;
	for (i = 0, n = 0; i < 100; i++)
		n += peers_spend(p, key, &c) == 0;
	ok(n == 10, "5 a second: %d", n);
	c.now += 1000 * SECOND;
	for (i = 0, n = 0; i < 100; i++)
		n += peers_spend(p, key, &c) == 0;
	ok(n == 20, "never more than the burst: %d", n);
	c.cost = 100 * SECOND;
	c.now += 1000 * SECOND;
	peers_charge(p, key, &c);
	c.cost = 0;
	ok(peers_spend(p, key, &c) == 96 * SECOND, "what is owed is paid");
	c.now += 96 * SECOND;
	ok(peers_spend(p, key, &c) == 0, "in time");
}

static long
resident_kb(void)
{
	long size, resident, kb = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f != NULL && fscanf(f, "%ld %ld", &size, &resident) == 2)
		kb = resident * (sysconf(_SC_PAGESIZE) / 1024);
	if (f != NULL)
		(void)fclose(f);
	return kb;
}

/* A million addresses come once each, while a hundred have spent all. */
static void
test_million(void)
{
	struct peers_cost c = { SECOND, 10 * SECOND, 1 };
	unsigned i, k, refused = 0, forgot = 0, held = 0;
	uint64_t busy[100];
	long before, after;

	c.now = 5000 * SECOND;
	for (i = 0; i < PEERS_BUCKETS; i++)	/* all pages are there */
		(void)peers_spend(p, v4(0x0a000000 + i, 2), &c);
	for (i = 0; i < 100; i++) {
		busy[i] = v4(0xc0000200 + i, 2);
		for (k = 0; k < 10; k++)
			(void)peers_spend(p, busy[i], &c);
	}
	before = resident_kb();
	for (i = 0; i < 1000000; i++) {
		uint64_t key = v4(0x14000000 + i, 2);

		refused += peers_spend(p, key, &c) != 0;
		held += peers_hold(p, 1 + i % 8, key, 1) == PEERS_HELD;
		if (i % 2 == 0 || i > 900000)
			peers_release(p, 1 + i % 8, key);
		if (i % 20000 == 19999)
			for (k = 1; k <= 8; k++)
				peers_forget(p, k);
	}
	after = resident_kb();
	for (i = 0; i < 100; i++)
		forgot += peers_spend(p, busy[i], &c) == 0;
	printf("# %ld kB before, %ld kB after\n", before, after);
	ok(refused == 0, "none of a million is refused: %u", refused);
	ok(held == 1000000, "each may hold a connection: %u", held);
	ok(forgot == 0, "who had spent all still has: %u", forgot);
	ok(after < before + 2048, "memory is flat");
	for (k = 1; k <= 8; k++)
		peers_forget(p, k);
	for (i = 0, held = 0; i < 1000; i++)
		held += peers_hold(p, 1, v4(0x14000000 + i * 997, 2), 1) ==
		    PEERS_HELD;
	ok(held == 1000, "nothing is left of their connections");
	peers_forget(p, 1);
}

/* Processes go for the same address; one dies with what it has. */
static void
test_processes(void)
{
	enum { PROCESSES = 4, ROUNDS = 20000 };
	struct peers_cost c = { 1, 30000, SECOND };
	_Atomic unsigned *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t key = v4(9, 3);
	int i, k, status, bad = 0;

	for (i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		for (k = 0; k < ROUNDS; k++) {
			shared[0] += peers_spend(p, key, &c) == 0;
			if (peers_hold(p, (unsigned)i + 1, key, 2) !=
			    PEERS_HELD)
				continue;
			if (++shared[1] > 2)
				shared[2]++;
			shared[1]--;
			peers_release(p, (unsigned)i + 1, key);
		}
		(void)peers_hold(p, (unsigned)i + 1, key, 100);
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++)
		if (wait(&status) == -1 || status != 0)
			bad++;
	ok(bad == 0, "four processes came and went");
	ok(shared[0] == 30000, "what they could spend they did: %u",
	    shared[0]);
	ok(shared[2] == 0, "never more than two connections");
	ok(peers_hold(p, 9, key, 4) == PEERS_OVER, "what they had is counted");
	peers_forget(p, 2);
	ok(peers_hold(p, 9, key, 4) == PEERS_HELD, "until they are buried");
}

int
main(void)
{
	p = peers_open();
	if (p == NULL)
		return 1;
	test_keys();
	test_holds();
	test_rate();
	test_million();
	test_processes();
	peers_close(p);
	return done_testing();
}
