/*
 * cgi_fields: the fields of a request as variables of a script, HTTP_* (RFC
 * 3875 section 4.1.18).
 */
#ifndef WORKER_SERVE_CGI_FIELDS_H
#define WORKER_SERVE_CGI_FIELDS_H

struct cgi_env;

/* Adds one for each name that may be told; of a name that can be no variable
 * the log is told, once. */
void	cgi_fields_add(struct cgi_env *e);

#endif
