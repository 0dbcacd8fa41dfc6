/*
 * ask: the other end of the control socket, in the command that asks.
 */
#ifndef MASTER_ASK_H
#define MASTER_ASK_H

struct buf;

/*
 * Sends word over fd, which is connected to a master's control socket, and
 * prints the answer as it comes; with into, what is for standard output is
 * appended there instead. Returns the status to exit with; 1, with the reason
 * said, when the answer does not end within patience_s seconds or the master
 * goes away before.
 */
int	ask(int fd, const char *word, int patience_s, struct buf *into);

#endif
