/* Failures by address. */
#include "worker/serve/auth_slow.h"

#include <assert.h>
#include <string.h>

#define SETS		64	/* a power of two */
#define WAYS		16
#define DELAY_MS	100	/* after the first failure, */
#define DOUBLINGS	7	/* doubled so often, */
#define DELAY_MAX_MS	10000	/* and no more */
#define FORGET_MS	30000	/* a failure is forgotten after so long */

static struct auth_slow table[SETS][WAYS];
static uint8_t key[SIPHASH_KEY];

int
auth_slow_open(void)
{
	return siphash_key(key);
}

/* Whoever has one address of IPv6 has 2^64 of them. */
static struct cidr
owner_of(const struct cidr *client)
{
	struct cidr owner = *client;

	if (owner.kind == CIDR_V6) {
		memset(owner.addr + 8, 0, 8);
		owner.bits = 64;
	}
	return owner;
}

static void
forget(struct auth_slow *s, struct mono now)
{
	while (s->failures > 0 &&
	    mono_us(s->since, now) >= FORGET_MS * (int64_t)1000) {
		s->failures--;
		s->since = mono_add_ms(s->since, FORGET_MS);
	}
}

static bool
is_better(const struct auth_slow *a, const struct auth_slow *b)
{
	if (a->failures != b->failures)
		return a->failures < b->failures;
	return mono_before(a->since, b->since);
}

/* Its entry, or the one that is missed least; NULL when all have checks under
 * way. */
static struct auth_slow *
find(const struct cidr *owner, struct mono now)
{
	struct auth_slow *set, *spare = NULL;
	int i;

	set = table[siphash64(key, owner->addr, sizeof(owner->addr)) &
	    (SETS - 1)];
	for (i = 0; i < WAYS; i++) {
		forget(&set[i], now);
		if (cidr_order(&set[i].client, owner) == 0)
			return &set[i];
		if (set[i].checks == 0 &&
		    (spare == NULL || is_better(&set[i], spare)))
			spare = &set[i];
	}
	if (spare != NULL)
		*spare = (struct auth_slow){ .client = *owner, .since = now };
	return spare;
}

struct auth_slow *
auth_slow_begin(const struct cidr *client, struct mono now)
{
	struct cidr owner = owner_of(client);
	struct auth_slow *s = find(&owner, now);

	if (s == NULL || s->checks >= AUTH_SLOW_CHECKS)
		return NULL;
	s->checks++;
	return s;
}

void
auth_slow_end(struct auth_slow *s)
{
	assert(s->checks > 0);
	s->checks--;
}

int64_t
auth_slow_failed(struct auth_slow *s, struct mono now)
{
	unsigned doublings = s->failures < DOUBLINGS ? s->failures :
	    DOUBLINGS;
	int64_t ms = (int64_t)DELAY_MS << doublings;

	if (s->failures <= DOUBLINGS)
		s->failures++;
	s->since = now;
	return ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS;
}

bool
auth_slow_is_clean(const struct auth_slow *s)
{
	return s->failures == 0;
}
