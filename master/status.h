/*
 * status: how the server is, in a few lines for people.
 */
#ifndef MASTER_STATUS_H
#define MASTER_STATUS_H

struct buf;
struct master;

/* Appends the lines. */
void	status_put(const struct master *m, struct buf *out);

#endif
