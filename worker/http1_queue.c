/*
 * Answered requests, in order, until their last byte is sent; and their lines
 * in the access log, put before a write and decided after it.
 */
#include "worker/http1_queue.h"

#include "common/scoreboard.h"
#include "worker/accesslog.h"
#include "worker/conn.h"
#include "worker/http1_body.h"
#include "worker/score.h"

void
http1_queue_push(struct conn *c, struct request *r)
{
	struct http1 *h = &c->http1;

	r->next = NULL;
	if (h->answered == NULL)
		h->answered = r;
	else
		h->answered_last->next = r;
	h->answered_last = r;
	h->nanswered++;
}

static struct request *
pop_answered(struct conn *c)
{
	struct http1 *h = &c->http1;
	struct request *r = h->answered;

	h->answered = r->next;
	h->nanswered--;
	return r;
}

static uint64_t
body_bytes_sent(const struct conn *c, const struct request *r)
{
	if (r->end_at != 0 && c->sent >= r->end_at)
		return r->body_sent;
	if (r->body_at == 0 || c->sent <= r->body_at)
		return 0;
	return c->sent - r->body_at < r->body_sent ? c->sent - r->body_at :
	    r->body_sent;
}

void
http1_queue_sending(struct conn *c, size_t most)
{
	for (struct request *r = c->http1.answered;
	    r != NULL && r->end_at <= c->sent + most; r = r->next) {
		accesslog_put(r, r->body_sent);
		score_end(r);
		r->undecided = true;
	}
}

void
http1_queue_sent(struct conn *c)
{
	struct http1 *h = &c->http1;
	struct worker *w = c->worker;
	bool undecided = false;

	while (h->answered != NULL && h->answered->end_at <= c->sent) {
		struct request *r = pop_answered(c);

		accesslog_commit(r);
		w->score->requests++;
		c->fresh = true;
		request_free(r);
	}
	for (struct request *r = h->answered; r != NULL; r = r->next) {
		if (!r->undecided)
			continue;
		r->undecided = false;
		undecided = true;
		score_begin(r);
		score_phase(r, SCORE_SENDING);
	}
	if (undecided)
		accesslog_withdraw();
}

static void
log_cut_short(struct conn *c, struct request *r)
{
	accesslog_put(r, body_bytes_sent(c, r));
	score_end(r);
	accesslog_commit(r);
	request_free(r);
}

void
http1_queue_close(struct conn *c)
{
	struct http1 *h = &c->http1;
	struct request *r = h->current;

	while (h->answered != NULL)
		log_cut_short(c, pop_answered(c));
	http1_body_abandon(c);
	h->current = NULL;
	if (r != NULL)
		log_cut_short(c, r);
}
