/*
 * reload: a new generation beside the old one, and the change between them.
 */
#ifndef MASTER_RELOAD_H
#define MASTER_RELOAD_H

struct conf;
struct generation;
struct master;

/* Makes the first generation: 0, or -1 with the reason logged. */
int	reload_first(struct master *m, struct conf *conf);
/* SIGHUP came: the configuration is read again as soon as that is possible. */
void	reload_wish(struct master *m);
/* The master ends: there will be no reload, and whoever waits for one hears
 * so. */
void	reload_cancel(struct master *m);
/* Goes on with what is under way: begins a wished reload, completes one whose
 * workers are all ready, gives one up that takes too long, and forgets
 * generations that have ended. */
void	reload_step(struct master *m);
/* g cannot serve: it is ended, and whoever served before goes on. */
void	reload_failed(struct master *m, struct generation *g, const char *why);
/* Gives the workers of g and all older generations the descriptors of the
 * logs that were opened anew. */
void	reload_hand_out_logs(const struct master *m,
	    const struct generation *g);

#endif
