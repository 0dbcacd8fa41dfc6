/*
 * cli: the command line.
 */
#ifndef MASTER_CLI_H
#define MASTER_CLI_H

/* Does what the arguments ask for; returns the status to exit with: 0 fine,
 * 1 failed, 2 usage, 78 bad configuration. */
int	cli_run(int argc, char **argv);

#endif
