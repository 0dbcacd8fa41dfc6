/* Rates of requests and bytes. */
#include "worker/serve/limit.h"

#include <stdint.h>

#include "common/clock.h"
#include "common/conf_limit.h"
#include "common/peers.h"
#include "worker/http/request.h"

#define SECOND_NS	INT64_C(1000000000)
#define AHEAD_NS	(SECOND_NS / 8)	/* bytes are sent before their time */
#define PIECE_MIN	16384		/* bytes sent at once, at the least */
#define PIECES		16		/* a second, of a faster rate */

static struct peers *peers;		/* borrowed, shared memory */

void
limit_open(struct peers *shared)
{
	peers = shared;
}

static uint64_t
key_of(const struct request *r, const struct conf_limit *l)
{
	return peers_key(peers, &r->client->peer, l->id);
}

static int64_t
now_ns(void)
{
	return clock_now().us * 1000;
}

/* Notes that r counts for l; false when it does so already. */
static bool
count(struct request *r, const struct conf_limit *l)
{
	size_t i;

	for (i = 0; i < r->ncounted; i++)
		if (r->counted[i] == l)
			return false;
	if (r->ncounted < REQUEST_LIMITS)
		r->counted[r->ncounted++] = l;
	return true;
}

static int
spend(struct request *r, const struct conf_limit *l)
{
	int64_t wait;

	if (l == NULL || l->kind == CONF_LIMIT_NONE || !count(r, l))
		return 0;
	wait = peers_spend(peers, key_of(r, l), &(struct peers_cost){
	    .cost = l->cost_ns, .burst = l->burst_ns, .now = now_ns() });
	if (wait == 0)
		return 0;
	r->response.retry_after = (int)((wait + SECOND_NS - 1) / SECOND_NS);
	return 429;
}

/* As with access: no other location is a way around one's limit. */
int
limit_gate(struct request *r)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < REQUEST_PLACES; i++)
		if (r->place[i] != NULL)
			status = spend(r, r->place[i]->rate);
	return status != 0 ? status : spend(r, r->location->rate);
}

size_t
limit_may_send(const struct request *r)
{
	const struct conf_limit *l = r->location->bandwidth;
	struct peers_cost c = { .burst = AHEAD_NS, .now = now_ns() };

	if (l == NULL || l->kind == CONF_LIMIT_NONE)
		return SIZE_MAX;
	if (peers_spend(peers, key_of(r, l), &c) > 0)
		return 0;
	return l->n / PIECES > PIECE_MIN ? (size_t)(l->n / PIECES) : PIECE_MIN;
}

void
limit_sent(const struct request *r, size_t n)
{
	const struct conf_limit *l = r->location->bandwidth;

	if (l == NULL || l->kind == CONF_LIMIT_NONE || n == 0)
		return;
	peers_charge(peers, key_of(r, l), &(struct peers_cost){
	    .cost = (int64_t)((double)n * SECOND_NS / (double)l->n),
	    .now = now_ns() });
}
