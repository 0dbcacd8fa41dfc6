/*
 * scoreboard: what a worker is doing, readable by the master.
 *
 * Lives in memory shared by one worker (the writer) and the master (the
 * reader), who treats every byte of it as untrusted text: it copies a slot,
 * ends its strings itself, escapes them, and takes no number from it as an
 * index, a length or a process id.
 */
#ifndef COMMON_SCOREBOARD_H
#define COMMON_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/net.h"

#define SCORE_REQUESTS	1024	/* requests that can be named at one time */
#define SCORE_METHOD	16
#define SCORE_TARGET	192	/* a longer target is cut */

/* What is being done for a request. */
enum score_phase {
	SCORE_FREE,		/* the slot is unused */
	SCORE_STARTING,		/* the handler is being found and started */
	SCORE_BODY,		/* the request's body is coming in */
	SCORE_SCRIPT,		/* waiting for a script */
	SCORE_SENDING		/* the response is going out */
};

struct score_request {
	_Atomic uint32_t phase;		/* enum score_phase */
	uint32_t status;		/* of the response, 0 = not known yet */
	int64_t started;		/* wall time, seconds */
	struct net_addr peer;
	char method[SCORE_METHOD];	/* NUL-terminated by the writer */
	char target[SCORE_TARGET];
};

struct scoreboard {
	_Atomic uint64_t heartbeat;	/* grows with every turn of the loop */
	_Atomic uint64_t requests;	/* answered */
	_Atomic uint64_t accepted;	/* connections ever taken */
	_Atomic uint64_t refused;	/* of these, for `per-ip` */
	_Atomic uint64_t vain;		/* wake-ups that found no connection */
	_Atomic uint64_t turns;		/* of the loop */
	_Atomic uint32_t connections;	/* open */
	_Atomic uint32_t descriptors;	/* in use, by the ledger */
	_Atomic uint32_t scripts;	/* running */
	struct score_request request[SCORE_REQUESTS];
};

/* "sending" and so on; "?" for a value that is no phase. */
const char *score_phase_name(uint32_t phase);

#endif
