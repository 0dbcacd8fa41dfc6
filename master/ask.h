/*
 * ask: the other end of the control socket, in the command that asks.
 */
#ifndef MASTER_ASK_H
#define MASTER_ASK_H

/*
 * Sends word over fd, which is connected to a master's control socket, and
 * prints the answer as it comes. Returns the status to exit with; 1, with the
 * reason said, when the answer does not end within patience_s seconds or the
 * master goes away before. Closes fd.
 */
int	ask(int fd, const char *word, int patience_s);

#endif
