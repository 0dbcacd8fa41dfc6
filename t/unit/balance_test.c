/* balance, shares: who takes a connection and who leaves it to others. */
#include "common/shares.h"
#include "t/unit/tap.h"
#include "worker/balance.h"

#define ME	2u		/* this worker's column */

static struct shares *shares;

static void
test_shares(void)
{
	struct shares_view view;

	shares_set(shares, 1, SHARES_LISTENING, 7);
	shares_set(shares, ME, SHARES_LISTENING, 5);
	shares_set(shares, 3, SHARES_RESTING, 2);
	shares_set(shares, 9, SHARES_NONE, 100);
	view = shares_look(shares, ME);
	ok(view.workers == 3 && view.connections == 14,
	    "one that drains has no share");
	ok(view.listening == 1, "the others that listen");
	shares_forget(shares, 1);
	shares_forget(shares, 0);
	view = shares_look(shares, ME);
	ok(view.workers == 2 && view.connections == 7 && view.listening == 0,
	    "one that died is forgotten");
	shares_forget(shares, ME);
	shares_forget(shares, 3);
	shares_forget(shares, 9);
}

static void
test_judge(void)
{
	ok(balance_judge(1000) == BALANCE_TAKE, "one alone takes all");
	shares_set(shares, 1, SHARES_LISTENING, 0);
	ok(balance_judge(0) == BALANCE_TAKE, "none has any");
	ok(balance_judge(3) == BALANCE_TAKE_ONE, "a few more");
	ok(balance_judge(100) == BALANCE_LEAVE, "far more");
	shares_set(shares, 1, SHARES_RESTING, 1000);
	ok(balance_judge(1000) == BALANCE_TAKE, "as many");
	ok(balance_judge(1020) == BALANCE_TAKE_ONE, "a little more of many");
	ok(balance_judge(1500) == BALANCE_LEAVE, "far more of many");
	ok(balance_judge(500) == BALANCE_TAKE, "fewer");
	shares_set(shares, 1, SHARES_NONE, 0);
	ok(balance_judge(1500) == BALANCE_TAKE, "one alone again");
}

static void
test_rest(void)
{
	ok(!balance_rest(1), "one alone never rests");
	shares_set(shares, 1, SHARES_RESTING, 0);
	ok(!balance_rest(1), "nor do all");
	ok(shares_look(shares, 1).listening == 1, "... it listens still");
	shares_set(shares, 1, SHARES_LISTENING, 0);
	ok(balance_rest(1), "while another listens");
	ok(shares_look(shares, 1).listening == 0, "... everybody sees it");
	balance_tell(5);
	ok(shares_look(shares, 1).listening == 0 &&
	    shares_look(shares, 1).connections == 5,
	    "... and what it holds meanwhile");
	balance_listen();
	ok(shares_look(shares, 1).listening == 1, "and listens again");
	ok(!balance_rest(balance_awake()), "some are always awake");
	for (unsigned i = 3; i <= 40; i++)
		shares_set(shares, i, SHARES_RESTING, 0);
	ok(balance_awake() == 10, "of 40 workers ten");
	balance_close(5);
	ok(shares_look(shares, 1).workers == 39, "one that drains is none");
	balance_tell(4);
	ok(shares_look(shares, 1).workers == 39, "... and stays none");
}

int
main(void)
{
	shares = shares_open();
	if (shares == NULL)
		return 1;
	test_shares();
	balance_open(shares, ME);
	test_judge();
	test_rest();
	shares_close(shares);
	return done_testing();
}
