/*
 * trial: "pyked cgi URL", a script run beside whatever server runs.
 */
#ifndef MASTER_TRIAL_H
#define MASTER_TRIAL_H

struct words_args;

/* Reads the configuration as a server would, gives up privileges as a worker
 * would, and runs the script. The status to exit with. */
int	trial_run(const struct words_args *args);

#endif
