/*
 * cgi_env: the environment of a script (RFC 3875 section 4.1).
 *
 * Made from nothing but the request and the configuration; nothing of the
 * server's own environment is in it.
 */
#ifndef WORKER_SERVE_CGI_ENV_H
#define WORKER_SERVE_CGI_ENV_H

#include <stdint.h>

struct cgi_target;
struct request;

/*
 * The variables, NULL at the end, in the request's arena; length is that of
 * the request's body. What the location's `env` says replaces everything
 * else of the same name. NULL when memory is short.
 */
char  **cgi_env(struct request *r, const struct cgi_target *t, uint64_t length);

#endif
