/*
 * fdset: a set of descriptors of any size, for pselect().
 *
 * The kernel's select() takes any number of descriptors; only the FD_SET
 * macros stop at 1023. This bitmap grows, and nothing else touches its bits.
 * Zero is the empty set.
 */
#ifndef COMMON_FDSET_H
#define COMMON_FDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/select.h>

struct fdset {
	unsigned long *words;		/* owned */
	size_t nwords;
};

/* Makes room for descriptors below nfds: 0, or -1 when memory is short. */
int	fdset_grow(struct fdset *s, int nfds);
void	fdset_free(struct fdset *s);
/* fd must lie within what fdset_grow made room for (asserted). */
void	fdset_add(struct fdset *s, int fd);
void	fdset_del(struct fdset *s, int fd);
bool	fdset_has(const struct fdset *s, int fd);
/* dst becomes the union (the intersection) of a and b below nfds; all three
 * must have room for nfds (asserted). */
void	fdset_union(struct fdset *dst, const struct fdset *a,
	    const struct fdset *b, int nfds);
void	fdset_intersect(struct fdset *dst, const struct fdset *a,
	    const struct fdset *b, int nfds);
/* Is every member of a below nfds in b too? */
bool	fdset_within(const struct fdset *a, const struct fdset *b, int nfds);
void	fdset_clear(struct fdset *s);
/* One past the highest member, or 0. */
int	fdset_end(const struct fdset *s);
/* The first member at or after from and below nfds, or -1. */
int	fdset_next(const struct fdset *s, int from, int nfds);
/* For pselect(). */
fd_set *fdset_raw(const struct fdset *s);

#endif
