/*
 * limit: may this client have one request more, or some bytes? A gate of serve,
 * and the pace of what is sent. All workers count together.
 */
#ifndef WORKER_SERVE_LIMIT_H
#define WORKER_SERVE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

struct peers;
struct request;

void	limit_open(struct peers *peers);
/* 0, or 429 with Retry-After. A request that gets another path is counted once
 * for a limit. */
int	limit_gate(struct request *r);
/* How many bytes of r's answer may be sent now; 0: none, for a moment. */
size_t	limit_may_send(const struct request *r);
/* So many were. */
void	limit_sent(const struct request *r, size_t n);

#endif
