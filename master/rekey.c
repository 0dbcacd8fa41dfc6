/*
 * The keys of session tickets grow old.
 */
#include "master/rekey.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/tickets.h"
#include "master/generation.h"
#include "master/master.h"

int
rekey_open(struct master *m)
{
	m->rekeyed = clock_now();
	m->tickets = tickets_open();
	if (m->tickets != NULL)
		return 0;
	log_error("cannot make keys of session tickets: %s", strerror(errno));
	return -1;
}

/* After twice the time, when nobody ran or another configuration served, the
 * last key is too old as well. */
void
rekey_step(struct master *m)
{
	const struct generation *g = master_serving(m);
	int64_t us, age = mono_us(m->rekeyed, clock_now());

	if (g == NULL || g->conf->tickets.kind != CONF_TICKETS_ROTATE)
		return;
	us = g->conf->tickets.rotate_ms * 1000;
	if (age < us)
		return;
	m->rekeyed = clock_now();
	if (tickets_rotate(m->tickets) == -1 ||
	    (age >= 2 * us && tickets_rotate(m->tickets) == -1))
		log_error("no new keys for session tickets: OpenSSL has no "
		    "random numbers");
	else
		log_debug("new key for session tickets");
}

void
rekey_close(struct master *m)
{
	tickets_close(m->tickets);
	m->tickets = NULL;
}
