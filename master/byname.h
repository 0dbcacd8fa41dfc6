/*
 * byname: a socket whose name comes from that of a configuration file alone.
 *
 * By it a word finds the master that runs with the file, whatever "pidfile"
 * and "control" say in there by now. The name is in no folder (Linux's abstract
 * namespace): it needs no rights, leaves nothing behind, and anybody may have
 * taken it before, so who listens is looked at by both sides. Where there is no
 * such thing both functions fail, and nothing else does.
 */
#ifndef MASTER_BYNAME_H
#define MASTER_BYNAME_H

/* Listens by the name of file (absolute): non-blocking, close-on-exec. -1 with
 * errno; EADDRINUSE: somebody does already. */
int	byname_listen(const char *file);
/* Connects: blocking, close-on-exec. -1 with errno. */
int	byname_connect(const char *file);

#endif
