/*
 * loop: waits for descriptors with pselect() and delivers what is ready.
 *
 * A watched descriptor is hot while it moves and cold when it has not for
 * 100 ms. Each turn waits on the hot ones; a cold one announces itself by a
 * queued signal (announce). So thousands of idle connections cost a busy one
 * nothing. Those that cannot announce themselves, and all when a signal was
 * lost, are looked at together with the hot ones at an interval that adapts to
 * what such a look costs, and whenever nothing is hot.
 */
#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

struct loop;

/* What a descriptor is watched for, and what it turned out to be. */
enum loop_events {
	LOOP_NONE = 0,
	LOOP_READ = 1,
	LOOP_WRITE = 2
};

typedef void loop_fn(void *arg, enum loop_events ready);

/* NULL when memory is short. */
struct loop *loop_new(void);
void	loop_free(struct loop *l);

/*
 * Watches fd for want (LOOP_NONE keeps it registered and silent); replaces
 * what was said before. arg is borrowed until loop_forget. 0, or -1 when
 * memory is short.
 */
int	loop_watch(struct loop *l, int fd, enum loop_events want, loop_fn *fn,
	    void *arg);
/* Delivered after every other descriptor of a turn, never cold. */
int	loop_watch_last(struct loop *l, int fd, enum loop_events want,
	    loop_fn *fn, void *arg);
/* No delivery after this, not even of what was found ready in this turn.
 * Must come before fd is closed. Harmless for an unknown fd. */
void	loop_forget(struct loop *l, int fd);

/*
 * One turn: waits until something is ready, a signal arrives or until comes
 * (not set: no limit; never longer than a second), updates the clock, and
 * delivers. Signals are admitted even when descriptors are always ready.
 */
void	loop_turn(struct loop *l, struct mono until);

#endif
