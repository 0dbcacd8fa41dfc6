/*
 * cgi_env: the environment of a script (RFC 3875 section 4.1).
 *
 * Made from nothing but the request and the configuration; nothing of the
 * server's own environment is in it.
 */
#ifndef WORKER_SERVE_CGI_ENV_H
#define WORKER_SERVE_CGI_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

struct cgi_target;
struct request;

/* One that is being made. */
struct cgi_env {
	struct request *r;		/* borrowed */
	char **v;			/* in the request's arena */
	size_t n;
	bool failed;			/* memory was short */
};

/* Adds a variable, unless the location's `env` sets it. For cgi_fields. */
void	cgi_env_add(struct cgi_env *e, const char *name, struct str value);

/*
 * The variables, NULL at the end, in the request's arena; length is that of
 * the request's body. What the location's `env` says replaces everything
 * else of the same name. NULL when memory is short.
 */
char  **cgi_env(struct request *r, const struct cgi_target *t, uint64_t length);

#endif
