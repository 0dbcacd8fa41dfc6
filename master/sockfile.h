/*
 * sockfile: the name that a UNIX socket has in the file system.
 *
 * Generations share it as they share the socket. It goes with the last of
 * them, if it is still the one that was made.
 */
#ifndef MASTER_SOCKFILE_H
#define MASTER_SOCKFILE_H

#include <sys/types.h>

struct conf_listen;
struct sockfile;

/*
 * Binds the socket of c, which has a path, and listens: the descriptor, or -1
 * with errno (EADDRINUSE: somebody listens there, or it is no socket). *file
 * is its name, to be dropped.
 */
int	sockfile_listen(const struct conf_listen *c, struct sockfile **file);
/* One more that needs it. */
struct sockfile *sockfile_share(struct sockfile *f);
/* Lets connect whom c's mode allows to. */
void	sockfile_admit(const struct sockfile *f, const struct conf_listen *c);
/* One fewer. NULL is fine. Does nothing to the name in a child. */
void	sockfile_drop(struct sockfile *f);
/* Could a socket be made there, were none there? 0, or -1 with errno. */
int	sockfile_check(const char *path);

#endif
