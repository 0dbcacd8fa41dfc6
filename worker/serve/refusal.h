/*
 * refusal: what to answer when a file cannot be opened, and what to tell the
 * administrator about it.
 */
#ifndef WORKER_SERVE_REFUSAL_H
#define WORKER_SERVE_REFUSAL_H

struct request;

/*
 * The status for a path below the location's root that beneath_open refused
 * with this errno. Of a 403 the error log names the part of the path that
 * blocks.
 */
int	refusal_status(const struct request *r, const char *path, int error);

#endif
