/*
 * crowd: how many connections a client address holds, in all workers
 * (`per-ip`), and which one holds most of this worker's, for when they run
 * short.
 *
 * A proxy that names a client in each request has connections that are nobody's
 * own: there the requests that a client has under way count instead.
 */
#ifndef WORKER_CROWD_H
#define WORKER_CROWD_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct peers;
struct request;
struct worker;

void	crowd_open(struct peers *peers, unsigned column);
/* Counts a connection whose client is known. False when it is one too many:
 * it was told so, where that can be done at once, and should end. */
bool	crowd_enter(struct conn *c);
/* It is over. Harmless when it was not counted. */
void	crowd_leave(struct conn *c);
/* The same for a request that a proxy brings; it leaves when it is freed.
 * False, with Retry-After set: it is one too many. */
bool	crowd_enter_request(struct request *r);
/* The number of the client address that holds most of w's connections, as it
 * was a moment ago; 0 when none holds two. */
uint64_t crowd_most(struct worker *w);
/* Is it that client's? */
bool	crowd_is(struct conn *c, uint64_t client);

#endif
