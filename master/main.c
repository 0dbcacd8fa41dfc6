/*
 * The beginning: a known state, whatever the starter left us.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sig.h"
#include "master/cli.h"
#include "master/notify.h"
#include "master/priv.h"

/* 0, 1 and 2 are open, so that no socket or log ever becomes one of them, and
 * nothing else is, so that nothing of the starter's reaches a worker. */
static int
normalise_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	closefrom(STDERR_FILENO + 1);
	return 0;
}

int
main(int argc, char **argv)
{
	if (normalise_descriptors() == -1)
		return EXIT_FAILURE;
	sig_reset();
	(void)umask(027);
	/* It needs the environment's room for titles, so it comes before the
	 * environment goes: PATH, IFS or LD_* of the starter are no scripts'
	 * and no library's business. */
	setprogname("pyked");
	setproctitle_init(argc, argv, environ);
	notify_save();
	(void)clearenv();
	priv_raise_descriptors();
	return cli_run(argc, argv);
}
