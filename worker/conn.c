/*
 * A connection from its beginning to its end: the pump that runs it, and the
 * only place where it ends.
 */
#include "worker/conn.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/conf_trust.h"
#include "common/scoreboard.h"
#include "worker/bufpool.h"
#include "worker/conn_io.h"
#include "worker/conn_wait.h"
#include "worker/crowd.h"
#include "worker/http1.h"
#include "worker/http1_queue.h"
#include "worker/ledger.h"
#include "worker/loop.h"
#include "worker/transport.h"
#include "worker/transport_proxy.h"
#include "worker/worker.h"

#define ROUNDS_MAX	16		/* of the pump in one run, */
#define MOVED_MAX	(1u << 20)	/* or about so many bytes */
#define LINGER_ROUNDS	10		/* deadlines of a client that goes on
					 * sending after its answer */

const char *
conn_state_name(enum conn_state state)
{
	static const char *const names[] = {
		[CONN_NONE] = "none",
		[CONN_HANDSHAKE] = "handshake",
		[CONN_IDLE] = "idle",
		[CONN_READING] = "reading",
		[CONN_BUSY] = "busy",
		[CONN_LINGER] = "linger",
		[CONN_CLOSED] = "closed"
	};

	return names[state];
}

/* --- beginning and end --- */

void
conn_ready(void *arg, enum loop_events ready)
{
	struct conn *c = arg;

	assert(c->magic == CONN_MAGIC);
	if (ready & LOOP_READ) {
		c->can_read = true;
		if (c->write_wants_read)
			c->can_write = true;
	}
	if (ready & LOOP_WRITE) {
		c->can_write = true;
		if (c->read_wants_write)
			c->can_read = true;
	}
	conn_run(c);
}

static void
link_conn(struct worker *w, struct conn *c)
{
	c->next = w->conns;
	if (w->conns != NULL)
		w->conns->prev = c;
	w->conns = c;
	w->score->connections = ledger_connections();
}

static void
unlink_conn(struct conn *c)
{
	struct worker *w = c->worker;

	if (c->prev == NULL)
		w->conns = c->next;
	else
		c->prev->next = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

/* Is it a proxy that will say whose connections and requests it brings? */
static void
trust_proxy(struct conn *c)
{
	const struct conf_trust *trust = conf_trust_find(c->worker->conf,
	    &c->client.peer);

	if (trust == NULL)
		return;
	if (trust->proxy_protocol)
		c->transport = &transport_proxy;
	else if (trust->forwarded > CONF_FORWARDED_OFF)
		c->forwarder = trust;
}

struct conn *
conn_open(struct worker *w, int fd, const struct listener *l,
    const struct net_addr *peer, const struct net_addr *local)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		ledger_give_connection();
		return NULL;
	}
	c->magic = CONN_MAGIC;
	c->fd = fd;
	c->worker = w;
	c->listener = l;
	c->client.peer = *peer;
	if (local != NULL)
		c->client.local = *local;
	else
		(void)net_local(fd, &c->client.local);
	c->transport = &transport_plain;
	c->state = CONN_READING;
	c->can_read = c->can_write = true;
	link_conn(w, c);
	if (w->conf->ntrust > 0)
		trust_proxy(c);
	if (c->transport != &transport_proxy &&
	    (!crowd_enter(c) || transport_open(c) == -1))
		c->failed = true;
	if (c->transport != &transport_plain)
		c->state = CONN_HANDSHAKE;
	conn_run(c);
	return c;
}

/*
 * Nothing of it is delivered any more; the memory goes at the turn's end.
 * Orderly: with our end leaves what was held back for it, and bytes that come
 * now do not reset the connection before (close alone would). A client that
 * sees the end may come again at once, so its place is free by then.
 */
static void
conn_close(struct conn *c, bool orderly)
{
	struct worker *w = c->worker;

	if (c->state == CONN_CLOSED)
		return;
	http1_queue_close(c);
	c->transport->close(c, orderly);
	c->state = CONN_CLOSED;
	timeout_clear(&c->timeout);
	loop_forget(w->loop, c->fd);
	crowd_leave(c);
	if (orderly)
		(void)shutdown(c->fd, SHUT_WR);
	(void)close(c->fd);
	ledger_give_connection();
	unlink_conn(c);
	if (c->in_again)
		TAILQ_REMOVE(&w->again, c, again);
	w->score->connections = ledger_connections();
	c->next_closed = w->closed;
	w->closed = c;
}

/* The kernel's buffer is dropped too, so a client that reads nothing cannot
 * make it hold our answer for long. */
static void
conn_abort(struct conn *c)
{
	static const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	conn_close(c, false);
}

void
conn_reap(struct worker *w)
{
	while (w->closed != NULL) {
		struct conn *c = w->closed;

		w->closed = c->next_closed;
		c->magic = 0;
		bufpool_take_back(&c->in);
		bufpool_take_back(&c->out);
		free(c);
	}
}

/* --- what comes next --- */

static void
settle(struct conn *c)
{
	if (conn_settle(c) == -1)
		conn_abort(c);
}

/* A client that said close sends nothing more; any other might, and closing
 * on unread bytes would reset the connection and lose our last answer. */
static void
end_or_linger(struct conn *c)
{
	bool quiet = c->http1.client_closes && buf_len(&c->in) == 0;

	if (c->eof || quiet) {
		conn_close(c, true);
		return;
	}
	c->transport->close(c, true);
	c->transport = &transport_plain;
	(void)shutdown(c->fd, SHUT_WR);
	c->state = CONN_LINGER;
	c->can_read = false;
	bufpool_take_back(&c->in);
	settle(c);
}

/* A message ends in its middle, and the client must see that. Where only the
 * end of the connection would end it, that has to be a reset. */
static void
cut_short(struct conn *c)
{
	if (c->http1.until_close && c->tls == NULL)
		conn_abort(c);
	else
		conn_close(c, false);
}

/* Is the connection over? Ends it then. */
static bool
ended(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return true;
	if (c->failed || (c->state == CONN_LINGER && c->eof)) {
		/* What came behind its request does not undo the answer. */
		conn_close(c, c->fin_follows && conn_is_flushed(c));
		return true;
	}
	if (c->state == CONN_LINGER || !conn_is_flushed(c))
		return false;
	if (c->cut) {
		cut_short(c);
		return true;
	}
	if (c->flush_then_close) {
		end_or_linger(c);
		return true;
	}
	if (c->eof && (c->state == CONN_IDLE || c->state == CONN_READING) &&
	    !c->http1.log_full) {
		conn_close(c, true);
		return true;
	}
	return false;
}

static void
run_later(struct conn *c)
{
	if (c->in_again)
		return;
	c->in_again = true;
	TAILQ_INSERT_TAIL(&c->worker->again, c, again);
}

void
conn_run(struct conn *c)
{
	uint64_t before = c->sent;
	int rounds = 0;

	assert(c->magic == CONN_MAGIC);
	if (c->running) {
		c->run_again = true;
		return;
	}
	c->running = true;
	do {
		c->run_again = false;
		if (!conn_round(c) && !c->run_again)
			break;
	} while (c->state != CONN_CLOSED && !c->failed &&
	    ++rounds < ROUNDS_MAX && c->sent - before < MOVED_MAX);
	c->running = false;
	if (ended(c))
		return;
	settle(c);
	if (rounds > 0 && (rounds == ROUNDS_MAX ||
	    c->sent - before >= MOVED_MAX))
		run_later(c);
}

/* Each once: one that has still more to do joins behind those of the turn. */
void
conn_run_again(struct worker *w)
{
	struct conn *c, *last = TAILQ_LAST(&w->again, conn_list);
	bool more = last != NULL;

	while (more && (c = TAILQ_FIRST(&w->again)) != NULL) {
		more = c != last;
		TAILQ_REMOVE(&w->again, c, again);
		c->in_again = false;
		conn_run(c);
	}
}

/* --- deadlines and the end --- */

static void
fail_with(struct conn *c, int status)
{
	http1_fail(c, status);
	conn_run(c);
}

/* Input is full and not read on, so only the kernel knows. */
static bool
has_left(const struct conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

void
conn_expired(struct timeout *t)
{
	struct conn *c = conn_of_deadline(t);

	switch (c->waiting) {
	case WAIT_HEAD:
		if (buf_len(&c->in) > 0)
			fail_with(c, 408);
		else
			conn_close(c, true);
		break;
	case WAIT_BODY:
		if (conn_kept_up(c))
			settle(c);
		else
			fail_with(c, 408);
		break;
	case WAIT_SEND:
		if (conn_kept_up(c))
			settle(c);
		else
			conn_abort(c);
		break;
	case WAIT_GONE:
		if (conn_kept_up(c))
			settle(c);
		else
			conn_close(c, false);
		break;
	case WAIT_LINGER:
		if (++c->lingered < LINGER_ROUNDS && conn_kept_up(c))
			settle(c);
		else
			conn_close(c, false);
		break;
	case WAIT_PEER:
		c->left = has_left(c);
		settle(c);
		break;
	case WAIT_LOG:
	case WAIT_PACE:
		conn_run(c);
		break;
	default:
		conn_close(c, c->waiting == WAIT_IDLE);
		break;
	}
}

bool
conn_evict(struct worker *w, const struct conn *except, int64_t min_ms)
{
	struct conn *c = conn_waiting(w, except, min_ms);

	if (c == NULL)
		return false;
	conn_close(c, true);
	return true;
}

void
conn_close_all(struct worker *w)
{
	while (w->conns != NULL)
		conn_close(w->conns, false);
}
