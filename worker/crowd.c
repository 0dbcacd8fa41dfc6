/* Connections by client address. */
#include "worker/crowd.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/peers.h"
#include "common/scoreboard.h"
#include "worker/conn.h"
#include "worker/http/request.h"
#include "worker/transport_proxy.h"
#include "worker/worker.h"

#define PURPOSE_HOLD	UINT64_MAX	/* of keys; limits have small ones */
#define PURPOSE_LOG	(UINT64_MAX - 1)
#define MINUTE_NS	INT64_C(60000000000)
#define LOOK_MS		10		/* between looks at all connections */
#define RETRY_S		10		/* Retry-After of a 503; tell() says it
					 * as well */
#define ROOM		4096		/* addresses in such a look, */
#define PROBES		8		/* each in one of so many places */

struct total {
	uint64_t client;
	unsigned n;
};

static struct {
	struct peers *peers;		/* borrowed, shared memory */
	unsigned column;
	struct total total[ROOM];	/* of the last look */
	uint64_t most;
	struct mono again;		/* when it is time for the next */
} crowd;

void
crowd_open(struct peers *peers, unsigned column)
{
	crowd.peers = peers;
	crowd.column = column;
}

/* A proxy's connections are those of many: they are not held against it. */
static uint64_t
client_of(struct conn *c)
{
	if (c->forwarder != NULL || c->transport == &transport_proxy)
		return 0;
	if (c->who == 0)
		c->who = peers_key(crowd.peers, &c->client.peer, PURPOSE_HOLD);
	return c->who;
}

/* --- per-ip --- */

static void
say(const struct net_addr *client, unsigned most)
{
	char text[NET_ADDR_TEXT];
	struct peers_cost once = { .cost = MINUTE_NS, .burst = MINUTE_NS,
	    .now = clock_now().us * 1000 };

	if (peers_spend(crowd.peers, peers_key(crowd.peers, client,
	    PURPOSE_LOG), &once) > 0)
		return;
	(void)net_addr_host(client, text);
	log_warn("%s: more than %u connections, refused", text, most);
}

/* What has come already is taken, so that closing does not reset the
 * connection before the client has seen why. */
static void
tell(const struct conn *c)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
	    "Retry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n"
	    "\r\n";
	char dropped[4096];

	(void)recv(c->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
	explicit_bzero(dropped, sizeof(dropped));
	(void)send(c->fd, answer, sizeof(answer) - 1,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool
crowd_enter(struct conn *c)
{
	unsigned most = c->worker->conf->limits.per_ip;
	uint64_t client;

	if (most == 0)
		return true;
	client = client_of(c);
	if (client == 0)
		return true;
	switch (peers_hold(crowd.peers, crowd.column, client, most)) {
	case PEERS_HELD:
		c->counted = true;
		return true;
	case PEERS_OVER:
		c->worker->score->refused++;
		say(&c->client.peer, most);
		if (!c->listener->conf->tls)
			tell(c);
		return false;
	default:
		return true;
	}
}

void
crowd_leave(struct conn *c)
{
	if (c->counted)
		peers_release(crowd.peers, crowd.column, c->who);
	c->counted = false;
}

static void
leave_request(struct request *r)
{
	peers_release(crowd.peers, crowd.column, r->who);
}

bool
crowd_enter_request(struct request *r)
{
	unsigned most = r->conf->limits.per_ip;
	const struct net_addr *client = &r->client->peer;
	uint64_t who;

	if (most == 0 || !r->client->named)
		return true;
	who = peers_key(crowd.peers, client, PURPOSE_HOLD);
	switch (peers_hold(crowd.peers, crowd.column, who, most)) {
	case PEERS_HELD:
		r->who = who;
		r->over = leave_request;
		return true;
	case PEERS_OVER:
		say(client, most);
		r->response.retry_after = RETRY_S;
		return false;
	default:
		return true;
	}
}

/* --- who holds most --- */

static struct total *
add(uint64_t client)
{
	for (unsigned i = 0; i < PROBES; i++) {
		struct total *t = &crowd.total[(client + i) % ROOM];

		if (t->client == 0)
			t->client = client;
		if (t->client == client) {
			t->n++;
			return t;
		}
	}
	return NULL;
}

static uint64_t
look(struct worker *w)
{
	const struct total *most = NULL;

	memset(crowd.total, 0, sizeof(crowd.total));
	for (struct conn *c = w->conns; c != NULL; c = c->next) {
		uint64_t client = client_of(c);
		const struct total *t = client == 0 ? NULL : add(client);

		if (t != NULL && (most == NULL || t->n > most->n))
			most = t;
	}
	return most == NULL || most->n < 2 ? 0 : most->client;
}

/* Looking at all for each newcomer would be what a flood is for. */
uint64_t
crowd_most(struct worker *w)
{
	if (!mono_is_set(crowd.again) ||
	    !mono_before(clock_now(), crowd.again)) {
		crowd.most = look(w);
		crowd.again = mono_add_ms(clock_now(), LOOK_MS);
	}
	return crowd.most;
}

bool
crowd_is(struct conn *c, uint64_t client)
{
	return client_of(c) == client;
}
