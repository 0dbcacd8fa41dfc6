/*
 * authmsg: what workers and the process that checks passwords say to each
 * other, and what the master says to both of them.
 *
 * Messages are packets of a SOCK_SEQPACKET pair, of fixed size. Either side
 * checks every number of a message before it believes it.
 */
#ifndef COMMON_AUTHMSG_H
#define COMMON_AUTHMSG_H

#include <stdint.h>

#include "common/htpasswd.h"

/* So many questions of a worker are on their way at most: answers to so few
 * always find room in the socket. */
#define AUTH_ASKED_MAX	4

/* Worker: is it this user's password? Wiped by whoever has used it. */
struct auth_question {
	uint64_t id;			/* the worker's, to know the answer */
	uint32_t file;			/* in conf.auth_files */
	char user[HTPASSWD_USER + 1];	/* NUL-terminated */
	char password[HTPASSWD_WORD + 1];
};

enum auth_verdict {
	AUTH_NONE,
	AUTH_RIGHT,
	AUTH_WRONG,
	AUTH_BROKEN,			/* the file is missing or unreadable */
	AUTH_CHANGED			/* no answer: what was right may be
					 * wrong now */
};

struct auth_answer {
	uint64_t id;			/* of the question; 0 for CHANGED */
	uint32_t file;
	uint32_t verdict;		/* enum auth_verdict */
};

/* Master to the process that checks, with a descriptor each. */
enum auth_order_kind {
	AUTH_ORDER_NONE,
	AUTH_ORDER_FILE,		/* a file, open; without descriptor it
					 * is missing or unreadable */
	AUTH_ORDER_WORKER		/* one end of a pair, to a worker; only
					 * after all files */
};

struct auth_order {
	uint32_t kind;			/* enum auth_order_kind */
	uint32_t file;			/* of FILE: in conf.auth_files */
};

#endif
