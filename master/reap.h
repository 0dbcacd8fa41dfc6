/*
 * reap: takes note of dead workers, and ends what was adopted.
 */
#ifndef MASTER_REAP_H
#define MASTER_REAP_H

struct master;

/* Remembers the children this process had before it began: they are not
 * touched. */
void	reap_spare_present(void);
/* Waits for all children that have ended. */
void	reap_dead(struct master *m);
/* Ends every child that was not forked here, until a look finds none. */
void	reap_orphans(struct master *m);

#endif
