/*
 * auth: Basic authentication (RFC 7617) against a file of users.
 *
 * Credentials that were right within the last minute are remembered; others
 * are checked by a process of its own, and the request waits meanwhile.
 */
#ifndef WORKER_SERVE_AUTH_H
#define WORKER_SERVE_AUTH_H

#include "common/clock.h"

struct conf_access;
struct loop;
struct request;

/* In a worker: 0, or -1 with the reason logged. */
int	auth_open(struct loop *loop);
/*
 * A gate: 0 with r->user set, GATE_WAIT, or the status to turn the request away
 * with: 401 with its challenge, 503 when too many wait, 500 when the file of
 * users cannot be read.
 */
int	auth_gate(struct request *r, const struct conf_access *a);

#endif
