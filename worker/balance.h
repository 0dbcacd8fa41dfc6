/*
 * balance: whether a new connection is for this worker or for its siblings,
 * who are woken by it as well.
 *
 * Who holds well more than his fair share leaves it to others for a moment. So
 * do some of many workers while connections come and go quickly, for waking all
 * of them for each costs more than the connection. But never do all rest.
 */
#ifndef WORKER_BALANCE_H
#define WORKER_BALANCE_H

#include <stdbool.h>

struct shares;

enum balance_verdict {
	BALANCE_NONE,
	BALANCE_TAKE,			/* as many as there are */
	BALANCE_TAKE_ONE,		/* others hold fewer */
	BALANCE_LEAVE			/* others hold far fewer */
};

/* The shares are borrowed; column is this worker's. */
void	balance_open(struct shares *s, unsigned column);
/* This worker holds so many connections and takes no new ones any more. */
void	balance_close(unsigned connections);
/* It holds so many; harmless after balance_close. */
void	balance_tell(unsigned connections);
enum balance_verdict balance_judge(unsigned connections);
/* Stops listening for a while, if at least so many others listen: false when
 * not, and then it has to go on. */
bool	balance_rest(unsigned others);
/* How many others are enough where it is about wake-ups. */
unsigned balance_awake(void);
/* Stops listening whatever the others do. */
void	balance_stop(void);
/* Listens again. */
void	balance_listen(void);

#endif
