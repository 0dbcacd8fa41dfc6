/*
 * What a connection waits for, and for how long: decided from its state, here
 * and nowhere else.
 */
#include "worker/conn_wait.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <assert.h>
#include <stddef.h>

#include "common/conf.h"
#include "worker/bufpool.h"
#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/crowd.h"
#include "worker/loop.h"

#define LINGER_MS	2000		/* of silence after the last answer */
#define GONE_MS		500		/* of silence after the client's end */
#define PEER_MS		1000		/* between looks at a silent client */
#define LOG_FULL_MS	10
#define PACE_MS		50		/* between pieces of what may not go
					 * faster */
#define KEEPALIVE_GRACE_MS 500		/* beyond what Keep-Alive announced */

static enum conn_wait
choose_wait(const struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
		return WAIT_HANDSHAKE;
	case CONN_IDLE:
		return WAIT_IDLE;
	case CONN_READING:
		return c->http1.log_full ? WAIT_LOG : WAIT_HEAD;
	case CONN_LINGER:
		return WAIT_LINGER;
	default:
		break;
	}
	if (!conn_is_flushed(c) && !c->can_write)
		return WAIT_SEND;
	if (!conn_is_flushed(c) && c->paced)
		return WAIT_PACE;
	if (c->http1.body_wanted)
		return WAIT_BODY;
	/* Not for long, and who has said all may still want the answer. */
	if (c->http1.at_gate)
		return WAIT_NONE;
	if (c->eof || c->left)
		return WAIT_GONE;
	return conn_wants_read(c) ? WAIT_NONE : WAIT_PEER;
}

static int64_t
wait_ms(const struct conn *c, enum conn_wait wait)
{
	const struct conf_limits *limits = &c->worker->conf->limits;

	switch (wait) {
	case WAIT_HANDSHAKE:
	case WAIT_HEAD:
		return limits->header_ms;
	case WAIT_IDLE:
		return limits->keepalive_ms + KEEPALIVE_GRACE_MS;
	case WAIT_BODY:
		return limits->body_ms;
	case WAIT_SEND:
		return limits->send_ms;
	case WAIT_LINGER:
		return LINGER_MS;
	case WAIT_GONE:
		return GONE_MS;
	case WAIT_PEER:
		return PEER_MS;
	case WAIT_PACE:
		return PACE_MS;
	default:
		return LOG_FULL_MS;
	}
}

/* What the kernel holds and the client has not acknowledged. */
static uint64_t
in_kernel(const struct conn *c)
{
	int n;

	return ioctl(c->fd, SIOCOUTQ, &n) == -1 || n < 0 ? 0 : (uint64_t)n;
}

/*
 * A client that we wait for to read gets no credit for what it sends; one that
 * we wait for to stop does. What it has read counts, not what the socket takes:
 * that takes nothing until megabytes of room have come together, which a slow
 * client may well need minutes for. Only differences of this mean anything.
 */
static uint64_t
progress(const struct conn *c, enum conn_wait wait)
{
	switch (wait) {
	case WAIT_BODY:
	case WAIT_LINGER:
		return c->received;
	case WAIT_SEND:
		return c->sent + c->underway - in_kernel(c);
	default:
		return c->sent;
	}
}

/* A deadline runs on while the same thing is waited for: progress does not
 * renew it, it is judged when it comes. */
static void
set_deadline(struct conn *c)
{
	enum conn_wait wait = choose_wait(c);

	if (wait == c->waiting && !c->fresh &&
	    (wait == WAIT_NONE || timeout_is_set(&c->timeout)))
		return;
	c->waiting = wait;
	c->fresh = false;
	c->progress = progress(c, wait);
	if (wait == WAIT_NONE)
		timeout_clear(&c->timeout);
	else
		timeout_set(&c->worker->queue[wait], &c->timeout,
		    mono_add_ms(clock_now(), wait_ms(c, wait)));
}

static int
set_interest(struct conn *c)
{
	int want = LOOP_NONE;

	if (c->state == CONN_HANDSHAKE)
		want = c->read_wants_write ? LOOP_WRITE : LOOP_READ;
	else {
		if (conn_wants_read(c) && !c->can_read)
			want |= c->read_wants_write ? LOOP_WRITE : LOOP_READ;
		if (!conn_is_flushed(c) && !c->can_write)
			want |= c->write_wants_read ? LOOP_READ : LOOP_WRITE;
	}
	return loop_watch(c->worker->loop, c->fd, (enum loop_events)want,
	    conn_ready, c);
}

/* An idle connection holds no buffers. */
int
conn_settle(struct conn *c)
{
	if (c->state == CONN_IDLE) {
		bufpool_take_back(&c->in);
		bufpool_take_back(&c->out);
	}
	set_deadline(c);
	return set_interest(c);
}

bool
conn_kept_up(const struct conn *c)
{
	uint64_t ms = (uint64_t)wait_ms(c, c->waiting);
	uint64_t moved = progress(c, c->waiting) - c->progress;

	if (c->waiting == WAIT_GONE || c->waiting == WAIT_LINGER)
		return moved > 0;
	return moved >= c->worker->conf->limits.min_rate * ms / 1000 &&
	    moved > 0;
}

struct conn *
conn_of_deadline(struct timeout *t)
{
	struct conn *c = (struct conn *)((char *)t -
	    offsetof(struct conn, timeout));

	assert(c->magic == CONN_MAGIC);
	return c;
}

/* How long has it waited for its client? */
static int64_t
waited_ms(const struct conn *c)
{
	return wait_ms(c, c->waiting) -
	    mono_us(clock_now(), c->timeout.at) / 1000;
}

/* The connection of that client (0: anybody) that waits longest and may go. */
static struct conn *
find_waiting(struct worker *w, const struct conn *except, int64_t min_ms,
    uint64_t client)
{
	static const struct {
		enum conn_wait wait;
		bool any_age;
	} order[] = { { WAIT_IDLE, true }, { WAIT_LINGER, true },
	    { WAIT_HEAD, false }, { WAIT_HANDSHAKE, false } };
	struct timeout *t;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		for (t = w->queue[order[i].wait].first; t != NULL;
		    t = t->next) {
			struct conn *c = conn_of_deadline(t);

			if (!order[i].any_age && waited_ms(c) < min_ms)
				break;
			if (c != except &&
			    (client == 0 || crowd_is(c, client)))
				return c;
		}
	}
	return NULL;
}

struct conn *
conn_waiting(struct worker *w, const struct conn *except, int64_t min_ms)
{
	uint64_t most = crowd_most(w);
	struct conn *c = NULL;

	if (most != 0)
		c = find_waiting(w, except, min_ms, most);
	return c != NULL ? c : find_waiting(w, except, min_ms, 0);
}
