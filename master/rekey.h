/*
 * rekey: new keys for session tickets when it is time.
 */
#ifndef MASTER_REKEY_H
#define MASTER_REKEY_H

struct master;

/* The first keys: 0, or -1 with the reason logged. */
int	rekey_open(struct master *m);
/* New ones when those there are have been used for as long as the configuration
 * that serves says. */
void	rekey_step(struct master *m);
/* Also in a process that is not to know them. */
void	rekey_close(struct master *m);

#endif
