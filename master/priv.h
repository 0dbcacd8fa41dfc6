/*
 * priv: who workers run as, and the way there, which has no way back.
 */
#ifndef MASTER_PRIV_H
#define MASTER_PRIV_H

#include <stdbool.h>
#include <sys/types.h>

struct conf;
struct conf_errors;

struct identity {
	bool drop;			/* become uid and gid */
	uid_t uid;
	gid_t gid;
};

/* Finds the user that conf names when this process is root's. An unknown user,
 * or one that is root again, is added to errors: 0 or -1. */
int	priv_identify(struct identity *who, const struct conf *conf,
	    struct conf_errors *errors);
/*
 * In a worker: becomes who and gives up every capability, checks that there is
 * no way back, forbids core dumps, and with sandbox new privileges and being
 * traced. 0, or -1 with the reason logged: then the process must not go on.
 */
int	priv_drop(const struct identity *who, bool sandbox);
/* May who look for files in the folder that dir (O_PATH will do) is open at?
 * What would not be known without asking is asked in a child. */
bool	priv_may_enter(const struct identity *who, int dir);
/* Could who put another file in the place of path? Never when nothing is
 * dropped: then who is the one that writes it. False too when it cannot be
 * told because a folder is not there: ask priv_cannot_write as well. */
bool	priv_may_replace(const struct identity *who, const char *path);
/* Why this process could not open path to write to it, making it when it is
 * missing and its folder, when that is to be made: an errno, or 0. Touches
 * nothing. No link is followed. */
int	priv_cannot_write(const char *path, bool make_folder);
/* As root, makes the folder of a default path (0755) when it is missing. What
 * goes wrong shows when the file itself is opened. */
void	priv_make_folder_of(const char *path);
/* As many descriptors as this process may have; a refusal is a warning. */
void	priv_raise_descriptors(void);
/* Out of memory, the kernel is to take a worker before the master. Both best
 * effort; the second restores in the worker what was before the first. */
void	priv_protect_from_oom(void);
void	priv_expose_to_oom(void);

#endif
