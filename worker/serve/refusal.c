/*
 * Why a file is not served.
 */
#include "worker/serve/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/serve/beneath.h"

/* Takes the part of path up to its next slash behind *n, or all of it. */
static bool
next_part(const char *path, char part[PATH_MAX], size_t *n)
{
	if (*n > 0 && path[*n] == '\0')
		return false;
	*n += strcspn(path + *n + 1, "/") + 1;
	if (*n >= PATH_MAX)
		return false;
	memcpy(part, path, *n);
	part[*n] = '\0';
	return true;
}

/* A folder on the way, or the file itself. */
static void
log_denied(const struct request *r, const char *path)
{
	const struct conf_dir *root = r->location->root;
	char part[PATH_MAX];
	size_t n = 0;
	int fd, denied;

	while (next_part(path, part, &n) && path[n] != '\0') {
		fd = beneath_open(root->fd, part, O_PATH,
		    r->location->symlinks);
		if (fd == -1)
			break;
		denied = faccessat(fd, ".", X_OK, AT_EACCESS);
		(void)close(fd);
		if (denied == -1) {
			log_warn("403: the folder %s/%s may not be entered by "
			    "the workers' user", root->path, part);
			return;
		}
	}
	log_warn("403: %s/%s may not be read by the workers' user",
	    root->path, path);
}

/* The link that is not followed: the first part that cannot be opened. */
static void
log_link(const struct request *r, const char *path, int error)
{
	const struct conf_dir *root = r->location->root;
	char part[PATH_MAX];
	size_t n = 0;
	int fd;

	while (next_part(path, part, &n)) {
		fd = beneath_open(root->fd, part, O_PATH,
		    r->location->symlinks);
		if (fd == -1)
			break;
		(void)close(fd);
	}
	if (error == EXDEV)
		log_warn("403: %s/%s is a symbolic link that leads out of %s "
		    "(symlinks beneath)", root->path, n == 0 ? path : part,
		    root->path);
	else
		log_warn("403: %s/%s is a symbolic link (symlinks off)",
		    root->path, n == 0 ? path : part);
}

int
refusal_status(const struct request *r, const char *path, int error)
{
	switch (error) {
	case ELOOP:
		if (r->location->symlinks != CONF_SYMLINKS_OFF)
			return 404;	/* a link to itself is no file */
		log_link(r, path, error);
		return 403;
	case EXDEV:
		log_link(r, path, error);
		return 403;
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case EILSEQ:			/* file systems that take no name but */
	case EINVAL:			/* in UTF-8, or without some signs */
		return 404;
	case EACCES:
	case EPERM:
		log_denied(r, path);
		return 403;
	case ENXIO:			/* a socket, or a device that is not
					 * there */
	case ENODEV:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		log_error("%s/%s: %s", r->location->root->path, path,
		    strerror(error));
		return 500;
	}
}
