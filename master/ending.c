/*
 * Who belongs to a master is known only while it lives: its descendants are
 * collected over and over until it is gone, and waited for then.
 */
#include "master/ending.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/proc.h"

#define NAP_MS		20

/* Growing arrays of processes. */
struct crowd {
	struct proc_info *info;		/* owned */
	size_t n;
	size_t room;
	bool no_memory;
};

static void
add(const struct proc_info *info, void *arg)
{
	struct crowd *c = arg;
	struct proc_info *more;

	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : 2 * c->room;
		more = reallocarray(c->info, c->room, sizeof(*more));
		if (more == NULL) {
			c->no_memory = true;
			c->room = c->n;
			return;
		}
		c->info = more;
	}
	c->info[c->n++] = *info;
}

static bool
has_pid(const struct crowd *c, pid_t pid)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->info[i].pid == pid)
			return true;
	return false;
}

/* Adds every child of one in family, until there are no more. */
static void
add_children(struct crowd *family, const struct crowd *all)
{
	size_t i, before;

	do {
		before = family->n;
		for (i = 0; i < all->n; i++)
			if (!has_pid(family, all->info[i].pid) &&
			    has_pid(family, all->info[i].parent))
				add(&all->info[i], family);
	} while (family->n > before && !family->no_memory);
}

/* The dead leave the family: their ids are anybody's. */
static void
remove_dead(struct crowd *family)
{
	size_t i, kept = 0;

	for (i = 0; i < family->n; i++)
		if (proc_is_alive(&family->info[i]))
			family->info[kept++] = family->info[i];
	family->n = kept;
}

static void
look(struct crowd *family)
{
	struct crowd all = { .info = NULL };

	remove_dead(family);
	if (family->n > 0 && proc_all(add, &all) == 0)
		add_children(family, &all);
	free(all.info);
}

static void
nap(void)
{
	static const struct timespec ts = { .tv_nsec = NAP_MS * 1000000L };

	(void)nanosleep(&ts, NULL);
}

static void
tell_left(const struct crowd *family)
{
	char name[PROC_NAME];
	size_t i;

	for (i = 0; i < family->n; i++) {
		proc_name(family->info[i].pid, name);
		(void)fprintf(stderr, "pyked: process %ld (%s) has not ended "
		    "yet\n", (long)family->info[i].pid, name);
	}
}

int
ending_wait(pid_t master, int signo, int patience_s)
{
	struct mono end = mono_add_ms(mono_read(), (int64_t)patience_s * 1000);
	struct crowd family = { .info = NULL };
	struct proc_info info;
	int status = EXIT_SUCCESS;

	if (proc_read(master, &info) == 0)
		add(&info, &family);
	look(&family);
	if (kill(master, signo) == -1 && errno != ESRCH) {
		(void)fprintf(stderr, "pyked: cannot end process %ld: %s%s\n",
		    (long)master, strerror(errno), errno == EPERM ?
		    "; try it as root (sudo)" : "");
		free(family.info);
		return EXIT_FAILURE;
	}
	while (look(&family), family.n > 0) {
		if (!mono_before(mono_read(), end)) {
			tell_left(&family);
			status = EXIT_FAILURE;
			break;
		}
		nap();
	}
	free(family.info);
	return status;
}
