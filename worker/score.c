/*
 * Slots of the scoreboard, handed out to requests.
 */
#include "worker/score.h"

#include <string.h>

#include "worker/http/request.h"

static struct scoreboard *board;		/* borrowed, shared memory */
static uint16_t free_slots[SCORE_REQUESTS];	/* a stack of indices */
static unsigned nfree;

void
score_open(struct scoreboard *b)
{
	board = b;
	for (nfree = 0; nfree < SCORE_REQUESTS; nfree++)
		free_slots[nfree] = (uint16_t)(SCORE_REQUESTS - 1 - nfree);
}

static void
copy_text(char *dst, size_t size, struct str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	memcpy(dst, s.p, n);
	dst[n] = '\0';
}

void
score_begin(struct request *r)
{
	struct score_request *slot;

	if (nfree == 0)
		return;
	slot = &board->request[free_slots[--nfree]];
	slot->status = 0;
	slot->started = r->started;
	slot->peer = r->client->peer;
	copy_text(slot->method, sizeof(slot->method), r->head->method_name);
	copy_text(slot->target, sizeof(slot->target), r->head->target);
	r->score = slot;
	score_phase(r, SCORE_STARTING);
}

void
score_phase(struct request *r, enum score_phase phase)
{
	if (r->score == NULL)
		return;
	r->score->status = (uint32_t)r->response.status;
	atomic_store_explicit(&r->score->phase, phase, memory_order_release);
}

void
score_end(struct request *r)
{
	if (r->score == NULL)
		return;
	score_phase(r, SCORE_FREE);
	free_slots[nfree++] = (uint16_t)(r->score - board->request);
	r->score = NULL;
}
