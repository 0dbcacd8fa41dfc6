/*
 * cgi_find: which program a request's path means, and what of the path is its
 * PATH_INFO (RFC 3875 section 3.2).
 */
#ifndef WORKER_SERVE_CGI_FIND_H
#define WORKER_SERVE_CGI_FIND_H

#include "common/conf.h"
#include "common/str.h"

struct request;

/* Everything lives in the request's arena. */
struct cgi_target {
	int dir;			/* borrowed: the script is below it */
	enum conf_symlinks symlinks;	/* followed on the way to it */
	const char *folder;		/* of the script, relative to dir; NULL
					 * for the location's own program */
	const char *exec;		/* "./name", from within folder, or the
					 * interpreter's absolute path */
	const char *filename;		/* the script's absolute path, to read:
					 * nothing is opened by it */
	const char *interpreter;	/* NULL unless it runs the script */
	struct str script_name;		/* the part of the path that names it */
	struct str path_info;		/* and the rest, maybe empty */
};

/*
 * 0, or the status to answer: 403 for what is no file of the folder, 404 for
 * what is not there, 500 for what cannot be run (the log says why), 503 when
 * descriptors or memory are short. A file below a script folder is never sent,
 * whatever it is.
 */
int	cgi_find(struct request *r, struct cgi_target *t);
/* How many bytes at the front of path, in a location of `cgi dir`, stand for
 * the folder itself. */
size_t	cgi_find_prefix(const struct conf_location *l, struct str path);

#endif
