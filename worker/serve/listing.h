/*
 * listing: answers with what is in a folder (`listing on`).
 *
 * Read through the folder's own descriptor, some names a turn, so that a large
 * folder holds nobody else up; then sorted and sent piece by piece.
 */
#ifndef WORKER_SERVE_LISTING_H
#define WORKER_SERVE_LISTING_H

struct request;

/* Answers GET or HEAD of the folder r->path (which ends in '/') open at fd,
 * which it takes. 0, or the status to fail with. */
int	listing_start(struct request *r, int fd);

#endif
