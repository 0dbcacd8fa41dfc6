/*
 * autopsy: what a dead worker was doing, read from its scoreboard, none of
 * which is believed.
 */
#ifndef MASTER_AUTOPSY_H
#define MASTER_AUTOPSY_H

#include <stdbool.h>

struct generation;
struct logs;
struct worker_process;

/* Logs how w ended (the status of waitpid), how long it had lived, and which
 * requests it was serving. */
void	autopsy_report(const struct generation *g,
	    const struct worker_process *w, int status, bool expected);
/* Puts an access-log line for each of these requests, marked killed. */
void	autopsy_log_requests(struct logs *l, const struct generation *g,
	    const struct worker_process *w);

#endif
