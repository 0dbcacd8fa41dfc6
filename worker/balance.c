/*
 * A worker's fair share of the connections.
 */
#include "worker/balance.h"

#include <stdint.h>

#include "common/shares.h"

#define SOME		4	/* connections more than others are nothing, */
#define PART		16	/* nor is this part of a share */
#define AWAKE		3	/* so many are woken for a connection, or */
#define AWAKE_PART	4	/* this part of the workers */

static struct {
	struct shares *shares;		/* borrowed, shared memory */
	unsigned column;
	enum shares_state state;
	unsigned connections;
} balance;

static void
tell(enum shares_state state, unsigned connections)
{
	if (state == balance.state && connections == balance.connections)
		return;
	balance.state = state;
	balance.connections = connections;
	shares_set(balance.shares, balance.column, state, connections);
}

void
balance_open(struct shares *s, unsigned column)
{
	balance.shares = s;
	balance.column = column;
	balance.state = SHARES_NONE;
	tell(SHARES_LISTENING, 0);
}

void
balance_close(unsigned connections)
{
	tell(SHARES_NONE, connections);
}

void
balance_tell(unsigned connections)
{
	tell(balance.state, connections);
}

enum balance_verdict
balance_judge(unsigned connections)
{
	struct shares_view view;
	uint64_t share;

	balance_tell(connections);
	view = shares_look(balance.shares, balance.column);
	if (view.workers < 2)
		return BALANCE_TAKE;
	share = view.connections / view.workers;
	if (connections > share + share / PART + SOME)
		return BALANCE_LEAVE;
	return connections > share ? BALANCE_TAKE_ONE : BALANCE_TAKE;
}

/* Said first and looked at then: of two that want to rest at the same time
 * both may have to go on, but never do all rest. */
bool
balance_rest(unsigned others)
{
	balance_stop();
	if (shares_look(balance.shares, balance.column).listening >= others)
		return true;
	balance_listen();
	return false;
}

unsigned
balance_awake(void)
{
	unsigned part = shares_look(balance.shares,
	    balance.column).workers / AWAKE_PART;

	return part > AWAKE ? part : AWAKE;
}

void
balance_stop(void)
{
	tell(SHARES_RESTING, balance.connections);
}

void
balance_listen(void)
{
	tell(SHARES_LISTENING, balance.connections);
}
