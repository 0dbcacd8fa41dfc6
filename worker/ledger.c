/*
 * The account of a worker's descriptors.
 */
#include "worker/ledger.h"

#include <assert.h>
#include <sys/resource.h>

#define WORK_MIN	16	/* descriptors kept for files and scripts, */
#define WORK_KEPT	2048	/* and no more than so many are */

static struct {
	unsigned connections;		/* taken */
	unsigned connections_max;
	unsigned work;			/* taken */
	unsigned work_max;
	unsigned reserved;
} ledger;

/* A quarter of what is there is for work: a file for each fourth connection, or
 * a script for each twelfth. But thousands of connections are idle ones. */
void
ledger_open(unsigned connections, unsigned reserved)
{
	struct rlimit limit;
	unsigned total, work;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur > 1u << 20)
		limit.rlim_cur = 1u << 20;
	total = (unsigned)limit.rlim_cur;
	total = total > reserved + 2 * WORK_MIN ? total - reserved :
	    2 * WORK_MIN;
	work = total / 4 < WORK_KEPT ? total / 4 : WORK_KEPT;
	if (work < WORK_MIN)
		work = WORK_MIN;
	ledger.reserved = reserved;
	ledger.connections_max = connections < total - work ? connections :
	    total - work;
	ledger.work_max = total - ledger.connections_max;
}

bool
ledger_take(unsigned n)
{
	if (ledger.work_max - ledger.work < n)
		return false;
	ledger.work += n;
	return true;
}

void
ledger_give(unsigned n)
{
	assert(ledger.work >= n);
	ledger.work -= n;
}

bool
ledger_take_connection(void)
{
	if (ledger.connections >= ledger.connections_max)
		return false;
	ledger.connections++;
	return true;
}

void
ledger_give_connection(void)
{
	assert(ledger.connections > 0);
	ledger.connections--;
}

bool
ledger_is_scarce(void)
{
	return ledger.connections * 10 > ledger.connections_max * 9;
}

unsigned
ledger_connections(void)
{
	return ledger.connections;
}

unsigned
ledger_connections_max(void)
{
	return ledger.connections_max;
}

unsigned
ledger_used(void)
{
	return ledger.reserved + ledger.connections + ledger.work;
}
