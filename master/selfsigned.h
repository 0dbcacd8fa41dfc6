/*
 * selfsigned: a private key and a certificate for this machine's own names,
 * good for looking at a site with https; they are never on a disk.
 */
#ifndef MASTER_SELFSIGNED_H
#define MASTER_SELFSIGNED_H

/* Makes both and returns a descriptor, owned by the caller, of a file in memory
 * that holds them as PEM; or -1. It can be opened by its name in /proc as long
 * as it is open. */
int	selfsigned_make(void);

#endif
