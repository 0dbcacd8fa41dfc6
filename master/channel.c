/*
 * The one wait of the master's loop, and what the workers say.
 */
#include "master/channel.h"

#include <sys/select.h>
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fdset.h"
#include "common/sig.h"
#include "master/generation.h"
#include "master/master.h"
#include "worker/worker.h"

/* Rings are looked at this often; nothing else waits for this tick. */
#define TICK_MS		100
/* The same while adopted processes are being ended. */
#define ORPHANS_MS	10
/* Signals are let in this often, however busy the channels are. */
#define ADMIT_US	10000

/* --- waiting --- */

/* The workers' channels into m->readable; returns one past the highest. */
static int
collect_channels(struct master *m)
{
	const struct generation *g;
	unsigned i;
	int fd, nfds;

	fdset_clear(&m->readable);
	nfds = control_collect(&m->control, &m->readable);
	for (g = m->generations; g != NULL; g = g->next) {
		for (i = 0; i < g->nworkers; i++) {
			fd = g->workers[i].channel;
			/* Without memory its messages wait a little. */
			if (fd == -1 || fdset_grow(&m->readable, fd + 1) == -1)
				continue;
			fdset_add(&m->readable, fd);
			if (fd >= nfds)
				nfds = fd + 1;
		}
	}
	return nfds;
}

/* True when there are messages. */
static bool
wait_for_work(struct master *m)
{
	static const struct timespec at_once;
	struct timespec tick = { 0 };
	int n, nfds = collect_channels(m);

	if (!m->more_lines)
		tick.tv_nsec = (m->orphans ? ORPHANS_MS : TICK_MS) * 1000000L;
	n = pselect(nfds, fdset_raw(&m->readable), NULL, NULL, &tick,
	    sig_wait_mask());
	clock_update();
	/* The kernel lets signals in only when nothing is ready. */
	if (n > 0 && mono_us(m->admitted, clock_now()) > ADMIT_US) {
		(void)pselect(0, NULL, NULL, NULL, &at_once, sig_wait_mask());
		m->admitted = clock_now();
	} else if (n <= 0)
		m->admitted = clock_now();
	return n > 0;
}

/* --- messages --- */

/* One read a turn: whoever floods its channel delays nobody. */
static void
read_channel(struct worker_process *w)
{
	char bytes[64];
	ssize_t i, n = recv(w->channel, bytes, sizeof(bytes), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* It is dying: SIGCHLD tells the rest. */
		(void)close(w->channel);
		w->channel = -1;
		return;
	}
	for (i = 0; i < n; i++)
		if (bytes[i] == WORKER_READY)
			w->ready = true;
	/* WORKER_RING has done its work: this turn empties the rings. */
}

static void
take_messages(struct master *m)
{
	struct generation *g;
	unsigned i;
	int fd;

	for (g = m->generations; g != NULL; g = g->next) {
		for (i = 0; i < g->nworkers; i++) {
			fd = g->workers[i].channel;
			if (fd != -1 && fdset_has(&m->readable, fd))
				read_channel(&g->workers[i]);
		}
	}
}

void
channel_wait(struct master *m)
{
	if (wait_for_work(m))
		take_messages(m);
}
