/*
 * watchdog: notices workers that do not move, and signals that did not help.
 */
#ifndef MASTER_WATCHDOG_H
#define MASTER_WATCHDOG_H

struct master;

/* Looks at every heartbeat, once a second. */
void	watchdog_check(struct master *m);
/* Sends the next stronger signal to whoever had time enough to end. */
void	watchdog_escalate(struct master *m);

#endif
