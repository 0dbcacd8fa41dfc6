/*
 * A process that does for one script what a worker does for all.
 */
#include <stdlib.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/scoreboard.h"
#include "common/sig.h"
#include "worker/ledger.h"
#include "worker/loop.h"
#include "worker/serve/cgi.h"
#include "worker/serve/cgi_trial.h"
#include "worker/worker.h"

#define RESERVED_FDS	32

int
worker_try(const struct worker_trial *t)
{
	struct scoreboard *score = calloc(1, sizeof(*score));
	struct loop *loop;
	int status = EXIT_FAILURE;

	sig_reset();
	sig_catch(SIGCHLD);
	sig_catch(SIGINT);
	sig_catch(SIGTERM);
	clock_update();
	log_set_role("cgi");
	loop = loop_new();
	if (score == NULL || loop == NULL ||
	    cgi_open(t->conf, loop, score) == -1) {
		log_error("out of memory");
	} else {
		ledger_open(t->conf->limits.connections, RESERVED_FDS);
		if (t->own_user)
			cgi_limit_tasks();
		status = cgi_trial(t->conf, loop, t->url, t->body);
	}
	if (loop != NULL)
		loop_free(loop);
	free(score);
	return status;
}
