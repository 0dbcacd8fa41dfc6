/*
 * New connections, gated by the ledger and by what siblings hold.
 *
 * When descriptors run short the connection that has waited longest, of the
 * client address that holds most, makes room; when none waits, the listeners
 * leave the set and the kernel's queue, or another worker, has the next one.
 */
#include "worker/accept.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/net.h"
#include "common/scoreboard.h"
#include "worker/balance.h"
#include "worker/conn.h"
#include "worker/ledger.h"
#include "worker/loop.h"
#include "worker/worker.h"

#define PER_TURN	64	/* connections taken from a listener in a
				 * turn */
#define SWEEP_MAX	4096	/* taken at the most when listening ends */
#define PAUSE_MS	100	/* after the kernel refused a descriptor */
#define FULL_MS		10	/* after the ledger did */
#define REST_MS		10	/* while others have more room */
#define BACK_US		2000	/* after a rest: what waits now has waited for
				 * long enough */
#define PATIENCE_MS	1000	/* with newcomers, while there is room left */
#define HURRY_MS	100	/* and when there is none */

enum taken {
	TAKEN_NONE,
	TAKEN_ONE,
	TAKEN_NOTHING,		/* the queue is empty */
	TAKEN_AGAIN,		/* a connection that was gone already */
	TAKEN_REFUSED		/* no descriptor for one more */
};

struct gate {
	struct worker *worker;			/* borrowed */
	const struct listener *listener;	/* borrowed */
	struct net_addr local;			/* its real address and port */
	bool any;				/* which is a wildcard */
};

static struct gate *gates;	/* owned, ngates; empty once closed */
static size_t ngates;
static struct mono last_at;	/* when listening ends */
static struct mono paused_until;
static struct mono back_at;	/* when the last pause was over */
static bool above_share;	/* why there is a pause */
static unsigned had;		/* connections, after the last was taken */

static void on_listener(void *arg, enum loop_events ready);

static int
watch_all(struct worker *w, enum loop_events want)
{
	for (size_t i = 0; i < ngates; i++)
		if (loop_watch_last(w->loop, gates[i].listener->fd, want,
		    on_listener, &gates[i]) == -1)
			return -1;
	return 0;
}

static void
pause_all(struct worker *w, int64_t ms)
{
	balance_stop();
	above_share = false;
	paused_until = mono_add_ms(clock_now(), ms);
	(void)watch_all(w, LOOP_NONE);
}

/* Only while as many others listen. */
static bool
rest(struct worker *w, unsigned others)
{
	if (!balance_rest(others))
		return false;
	pause_all(w, REST_MS);
	return true;
}

static enum taken
refused(int error)
{
	switch (error) {
	case EAGAIN:
		return TAKEN_NOTHING;
	case ECONNABORTED:
	case EINTR:
	case EPROTO:
		return TAKEN_AGAIN;
	default:
		log_error("no new connections for %d ms: %s", PAUSE_MS,
		    strerror(error));
		return TAKEN_REFUSED;
	}
}

/* Nobody has to go for a connection that is not there. */
static bool
has_waiting(const struct gate *g)
{
	struct pollfd p = { .fd = g->listener->fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static enum taken
take_one(struct gate *g)
{
	struct net_addr peer;
	socklen_t n = sizeof(peer);
	struct conn *newest;
	int fd;

	if (!ledger_take_connection()) {
		if (!has_waiting(g))
			return TAKEN_NOTHING;
		if (!conn_evict(g->worker, NULL, HURRY_MS) ||
		    !ledger_take_connection())
			return TAKEN_REFUSED;
	}
	memset(&peer, 0, sizeof(peer));
	fd = accept4(g->listener->fd, &peer.sa, &n,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		enum taken why = refused(errno);

		ledger_give_connection();
		return why;
	}
	if (peer.family == AF_UNIX)	/* a name of it is of no use */
		peer = (struct net_addr){ .family = AF_UNIX };
	g->worker->score->accepted++;
	newest = conn_open(g->worker, fd, g->listener, &peer,
	    g->any ? NULL : &g->local);
	if (ledger_is_scarce())
		(void)conn_evict(g->worker, newest, PATIENCE_MS);
	return TAKEN_ONE;
}

/* Is it for a sibling? Not if none came while this worker rested. */
static bool
leave_to_others(struct worker *w, enum balance_verdict verdict)
{
	if (verdict != BALANCE_LEAVE || (mono_is_set(back_at) &&
	    mono_us(back_at, clock_now()) < BACK_US) || !rest(w, 1))
		return false;
	above_share = true;
	return true;
}

/* Where this worker gained nothing, somebody else was quicker, or connections
 * go as quickly as they come. */
static void
spare_wake_ups(struct worker *w)
{
	unsigned have = ledger_connections();

	if (have <= had)
		(void)rest(w, balance_awake());
	had = have;
}

static void
on_listener(void *arg, enum loop_events ready)
{
	struct gate *g = arg;
	struct worker *w = g->worker;
	enum balance_verdict verdict = BALANCE_TAKE;
	enum taken taken = TAKEN_ONE;

	(void)ready;
	for (int i = 0; i < PER_TURN && verdict == BALANCE_TAKE; i++) {
		verdict = balance_judge(ledger_connections());
		if (leave_to_others(w, verdict))
			return;
		taken = take_one(g);
		if (taken == TAKEN_NOTHING && i == 0)
			w->score->vain++;
		if (taken == TAKEN_NOTHING || taken == TAKEN_REFUSED)
			break;
	}
	if (taken == TAKEN_REFUSED)
		pause_all(w, ledger_connections() <
		    ledger_connections_max() ? PAUSE_MS : FULL_MS);
	else
		spare_wake_ups(w);
}

static void
open_gate(struct gate *g, struct worker *w, const struct listener *l)
{
	g->worker = w;
	g->listener = l;
	g->any = net_local(l->fd, &g->local) == -1 ||
	    net_addr_is_any(&g->local);
}

int
accept_open(struct worker *w, const struct listener *listeners, size_t n,
    struct shares *shares, unsigned column)
{
	gates = calloc(n, sizeof(*gates));
	if (gates == NULL)
		return -1;
	for (ngates = 0; ngates < n; ngates++)
		open_gate(&gates[ngates], w, &listeners[ngates]);
	balance_open(shares, column);
	return watch_all(w, LOOP_READ);
}

void
accept_close(struct worker *w, bool take_queued)
{
	for (size_t i = 0; i < ngates; i++) {
		enum taken taken = take_queued ? TAKEN_ONE : TAKEN_NOTHING;

		for (int n = 0; n < SWEEP_MAX && (taken == TAKEN_ONE ||
		    taken == TAKEN_AGAIN); n++)
			taken = take_one(&gates[i]);
		loop_forget(w->loop, gates[i].listener->fd);
		(void)close(gates[i].listener->fd);
	}
	free(gates);
	gates = NULL;
	ngates = 0;
	balance_close(ledger_connections());
}

void
accept_finish(struct worker *w)
{
	for (size_t i = 0; i < ngates; i++)
		if (net_has_ended_deferral(gates[i].listener->fd))
			last_at = mono_add_ms(clock_now(),
			    WORKER_SILENT_MS);
	if (!mono_is_set(last_at))
		accept_close(w, true);
}

bool
accept_is_open(void)
{
	return ngates > 0;
}

/* A rest for the others' sake ends when their share has grown. */
static bool
is_over(void)
{
	if (!mono_before(clock_now(), paused_until))
		return true;
	return above_share &&
	    balance_judge(ledger_connections()) != BALANCE_LEAVE;
}

void
accept_resume(struct worker *w)
{
	if (mono_is_set(last_at) && !mono_before(clock_now(), last_at))
		accept_close(w, true);
	if (ngates == 0)
		return;
	balance_tell(ledger_connections());
	if (!mono_is_set(paused_until) || !is_over())
		return;
	if (ledger_connections() >= ledger_connections_max() &&
	    !conn_evict(w, NULL, HURRY_MS)) {
		pause_all(w, FULL_MS);
		return;
	}
	paused_until = (struct mono){ 0 };
	back_at = clock_now();
	balance_listen();
	(void)watch_all(w, LOOP_READ);
}

static struct mono
earlier(struct mono a, struct mono b)
{
	return !mono_is_set(a) || (mono_is_set(b) && mono_before(b, a)) ? b :
	    a;
}

struct mono
accept_next(struct mono until)
{
	if (ngates == 0)
		return until;
	return earlier(earlier(until, paused_until), last_at);
}
