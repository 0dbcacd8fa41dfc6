/*
 * cgi_explain: says in the error log why a script could not be started, as
 * exactly as it can be found out, and what mends it.
 */
#ifndef WORKER_SERVE_CGI_EXPLAIN_H
#define WORKER_SERVE_CGI_EXPLAIN_H

#include "common/str.h"

struct cgi_script;
struct cgi_spawn_failure;
struct conf_dir;
struct request;

/* A start failed; folder is the script's, or -1. */
void	cgi_explain_start(const struct cgi_script *s, int folder,
	    const struct cgi_spawn_failure *why);
/* path, relative to dir, could not be looked at: error is EACCES or another
 * errno. */
void	cgi_explain_path(struct request *r, const struct conf_dir *dir,
	    struct str path, int error);
/* What is there is a file without the right to be run. */
void	cgi_explain_mode(struct request *r, const struct conf_dir *dir,
	    struct str path);

#endif
