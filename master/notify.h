/*
 * notify: tells a service manager (systemd, Type=notify) how the master is.
 *
 * Whoever started us without NOTIFY_SOCKET in the environment is told nothing.
 */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

/* Remembers where to; to be called while there is an environment. */
void	notify_save(void);
/* A generation serves: after the start, and after a reload that was done or
 * refused. */
void	notify_ready(unsigned generation);
void	notify_reloading(void);
void	notify_stopping(void);

#endif
