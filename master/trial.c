/*
 * The way of "pyked cgi" to a worker's place.
 */
#include "master/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "master/config.h"
#include "master/master.h"
#include "master/priv.h"
#include "master/words.h"
#include "worker/worker.h"

enum {
	EXIT_USAGE = 2,
	EXIT_CONF = 78			/* EX_CONFIG of sysexits.h */
};

int
trial_run(const struct words_args *args)
{
	struct master_options options = { .file = args->file,
	    .foreground = true };
	struct conf_errors errors = { .n = 0 };
	struct identity who;
	struct conf *conf;
	int status = EXIT_FAILURE;

	if (args->argument == NULL) {
		(void)fprintf(stderr, "pyked: which script? Write: pyked cgi "
		    "URL\n");
		return EXIT_USAGE;
	}
	/* A worker is in /, and so would be what it starts with no folder. */
	if (chdir("/") == -1)
		log_warn("cannot go to /");
	conf = config_load(&options, &who, &errors);
	if (errors.n > 0)
		(void)fwrite(buf_head(&errors.text), 1, buf_len(&errors.text),
		    stderr);
	conf_errors_free(&errors);
	if (conf == NULL)
		return EXIT_CONF;
	if (priv_drop(&who, conf->sandbox) == 0)
		status = worker_try(&(struct worker_trial){ .conf = conf,
		    .own_user = who.drop, .url = args->argument,
		    .body = args->body });
	conf_free(conf);
	return status;
}
