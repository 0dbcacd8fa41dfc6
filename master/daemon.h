/*
 * daemon: into the background, and the pid file that keeps a second one out.
 */
#ifndef MASTER_DAEMON_H
#define MASTER_DAEMON_H

struct conf;

struct daemon {
	int report;		/* owned; to the command that started us and
				 * waits; -1 = nobody does */
	int pidfile;		/* owned; locked while it is open; -1 = none */
	char *path;		/* owned; of the pid file */
};

/*
 * Forks. The caller goes on in the child, in a session of its own; the parent
 * waits there until daemon_ready and exits with 0, or with the child's status
 * when that ends before. 0, or -1 with the reason logged.
 */
int	daemon_detach(struct daemon *d);
/* Locks the pid file that conf names and writes our id into it. 0, or -1 with
 * the reason logged: another pyked lives, or the file cannot be made. */
int	daemon_lock(struct daemon *d, const struct conf *conf);
/* Lets the starting command go and leaves its terminal. */
void	daemon_ready(struct daemon *d);
/* Standard input, output and error become /dev/null. */
void	daemon_leave_terminal(void);
/* In a child: closes both, without giving the lock or the file up. */
void	daemon_forget(struct daemon *d);
/* At the end: removes the pid file. */
void	daemon_end(struct daemon *d);

#endif
