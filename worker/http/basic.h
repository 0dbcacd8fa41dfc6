/*
 * basic: the user and the password of an Authorization field (RFC 7617). Pure.
 */
#ifndef WORKER_HTTP_BASIC_H
#define WORKER_HTTP_BASIC_H

#include <stdbool.h>

#include "common/str.h"

#define BASIC_MAX	512	/* bytes of both, with the colon */

/* Wipe it after use. */
struct basic {
	char text[BASIC_MAX + 1];
	const char *user;	/* in text, ended by a NUL, like */
	const char *password;
};

/* Reads "Basic dXNlcjpwYXNzd29yZA=="; false when it is anything else, or holds
 * control characters (RFC 7617 section 2). */
bool	basic_parse(struct str value, struct basic *out);

#endif
