/*
 * authd: the process that checks passwords, so that no worker stands still
 * for one.
 *
 * One for each generation whose configuration has an `auth`. It runs as the
 * workers' user and opens nothing: the master hands it the files of users,
 * open, whenever they have changed, and one end of a socket pair for each
 * worker. It answers questions one after the other, of all workers in turn.
 */
#ifndef WORKER_AUTHD_H
#define WORKER_AUTHD_H

#include <stddef.h>
#include <stdnoreturn.h>

/*
 * Serves until the master's channel and every worker's are closed, then exits.
 * channel is the master's; nfiles is how many files there are. Called with
 * privileges dropped and nothing else open.
 */
noreturn void authd_run(int channel, size_t nfiles);

#endif
