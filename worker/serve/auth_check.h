/*
 * auth_check: passwords that are being checked by the process for it, and the
 * requests that wait for what comes of it.
 *
 *	QUEUED ---> ASKED ---> over: it was right
 *	   |            `----> DELAYED ---> over: it was wrong
 *	   `----------------------^  room was needed: over, not checked
 *
 * A check goes on without its request, so that leaving early is no way round
 * the delay. The same credentials are asked for once, however many requests
 * bring them.
 */
#ifndef WORKER_SERVE_AUTH_CHECK_H
#define WORKER_SERVE_AUTH_CHECK_H

#include <stdint.h>
#include <sys/queue.h>

#include "common/authmsg.h"
#include "common/clock.h"
#include "worker/http/basic.h"
#include "worker/http/request.h"
#include "worker/serve/auth_cache.h"

#define AUTH_RETRY_S	5	/* Retry-After of a 503 */

struct auth_check;
struct loop;

/* What a request has of a check. In its arena; ends with it. */
struct auth_claim {
	struct request_hold hold;	/* first: request.h */
	struct request *request;	/* borrowed */
	struct auth_check *check;	/* borrowed; NULL = it is over */
	enum auth_verdict verdict;	/* then */
	TAILQ_ENTRY(auth_claim) entry;	/* check's */
};

/* 0 or -1 with errno. */
int	auth_check_open(struct loop *loop);
/*
 * Has the credentials checked, which it copies. The request waits, and is woken
 * when claim->check is NULL. 0, or the status to fail with: 503, when too many
 * wait or too many of this client's do, or 500.
 */
int	auth_check_start(struct request *r, uint32_t file,
	    const struct basic *credentials, const struct auth_mac *mac);
/* A new socket, to a new process; taken. */
void	auth_check_link(int fd);
/* Runs what is due. */
void	auth_check_tick(struct mono now);
/* The earlier of until and when that is due. */
struct mono auth_check_next(struct mono until);
/* Forgets all, and wipes it. */
void	auth_check_close(void);

#endif
