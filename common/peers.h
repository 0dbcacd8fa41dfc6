/*
 * peers: what all workers of a master know of client addresses, in memory that
 * they share: how many connections each holds, and what it has spent of a rate.
 *
 * The room is fixed, however many addresses there are. A client of IPv6 is its
 * /64, for whoever has one address has 2^64 of them.
 *
 * Connections: an entry belongs to one worker (by its column of the tally) and
 * is cleared when that ends. The master reads nothing of it but whose an entry
 * is; a worker that writes nonsense there can make others refuse, or not.
 *
 * Rates: one 64-bit number says when a bucket will be full again (GCRA); the
 * past is a full bucket, which is the same as none. So an entry of the past
 * makes room for a new one, and when there is none the nearest to it does.
 */
#ifndef COMMON_PEERS_H
#define COMMON_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_addr;
struct peers;

#define PEERS_BUCKETS	(1u << 19)	/* rates of addresses, 16 bytes each */
#define PEERS_HOLDS	(1u << 17)	/* addresses' connections in a worker,
					 * 8 bytes each */
#define PEERS_MOST	65535u		/* connections that can be counted */

enum peers_hold {
	PEERS_NONE,
	PEERS_HELD,			/* counted */
	PEERS_OVER,			/* it has as many as it may */
	PEERS_UNCOUNTED			/* there is no room to count it */
};

/* What is spent, in ns: a bucket fills up in burst and holds so much. */
struct peers_cost {
	int64_t cost;
	int64_t burst;
	int64_t now;
};

/* The master's, before the first fork: NULL with errno. */
struct peers *peers_open(void);
void	peers_close(struct peers *p);
/* The worker of that column is gone. Harmless for 0. */
void	peers_forget(struct peers *p, unsigned column);

/* An address's number, for one purpose; nobody outside can say it. Never 0. */
uint64_t peers_key(const struct peers *p, const struct net_addr *a,
	    uint64_t purpose);
/* One connection more, unless that is more than most in all workers. */
enum peers_hold peers_hold(struct peers *p, unsigned column, uint64_t key,
	    unsigned most);
/* One that was HELD is over. */
void	peers_release(struct peers *p, unsigned column, uint64_t key);
/* Spends cost: 0, or, and then nothing is spent, the ns until there is enough.
 * With a cost of 0: has all been spent, and more? */
int64_t	peers_spend(struct peers *p, uint64_t key, const struct peers_cost *c);
/* Spends cost, if need be of what is not there yet. */
void	peers_charge(struct peers *p, uint64_t key, const struct peers_cost *c);

#endif
