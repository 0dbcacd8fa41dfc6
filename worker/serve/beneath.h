/*
 * beneath: opens files below a directory descriptor and, as the site's policy
 * for symbolic links says, never outside it.
 *
 * openat2 where the kernel has it; otherwise a walk of the components that
 * gives the same answers.
 */
#ifndef WORKER_SERVE_BENEATH_H
#define WORKER_SERVE_BENEATH_H

#include "common/conf.h"

/*
 * Opens path, which is relative to dir ("." is dir itself), with flags as
 * open(2)'s; O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added. Returns the
 * descriptor, the caller's to close, or -1 with errno: EXDEV when the path
 * leads outside, ELOOP when there is a link that the policy does not follow,
 * or too many. Links that mean no path, as /proc has them, are never followed.
 */
int	beneath_open(int dir, const char *path, int flags,
	    enum conf_symlinks links);

#endif
