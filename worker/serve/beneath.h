/*
 * beneath: opens files below a directory descriptor and never outside it.
 *
 * openat2(RESOLVE_BENEATH) where the kernel has it; otherwise a walk of the
 * components that follows no symbolic link.
 */
#ifndef WORKER_SERVE_BENEATH_H
#define WORKER_SERVE_BENEATH_H

/*
 * Opens path, which is relative to dir ("." is dir itself), with flags as
 * open(2)'s; O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added. Returns the
 * descriptor, the caller's to close, or -1 with errno: EXDEV when the path
 * leads outside.
 */
int	beneath_open(int dir, const char *path, int flags);

#endif
