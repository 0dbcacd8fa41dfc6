/*
 * A site's own error pages, read whole: they are small, and one that is not
 * must not make every error cost as much.
 */
#include "worker/serve/error_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/mime.h"
#include "worker/http/request.h"
#include "worker/serve/beneath.h"

/* Said once, not at every error. */
static void
warn_once(const struct conf_dir *dir, const char *name, const char *why)
{
	static bool warned;

	if (!warned)
		log_warn("the error page %s/%s is not used: %s", dir->path,
		    name, why);
	warned = true;
}

/* The whole file, in the arena; NULL when it is no page. */
static char *
read_page(struct request *r, const char *name, size_t *size)
{
	const struct conf_dir *dir = r->location->answer.errors;
	int fd = beneath_open(dir->fd, name, O_RDONLY,
	    CONF_SYMLINKS_BENEATH);
	struct stat st;
	char *page = NULL;

	if (fd == -1) {
		if (errno != ENOENT)
			warn_once(dir, name, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		warn_once(dir, name, "it is not a file");
	} else if (st.st_size > ERROR_FILE_MAX) {
		warn_once(dir, name, "it is larger than 64k");
	} else {
		*size = (size_t)st.st_size;
		page = arena_alloc(&r->arena, *size + 1);
		if (page != NULL && pread(fd, page, *size, 0) !=
		    (ssize_t)*size)
			page = NULL;	/* it is being written */
	}
	(void)close(fd);
	return page;
}

bool
error_file(struct request *r)
{
	struct response *res = &r->response;
	const struct conf_dir *dir = r->location->answer.errors;
	char name[24];
	size_t n = 0;
	char *page;

	if (dir == NULL || res->status < 400)
		return false;
	(void)snprintf(name, sizeof(name), "%d.html", res->status);
	page = read_page(r, name, &n);
	if (page == NULL) {
		(void)snprintf(name, sizeof(name), "%dxx.html",
		    res->status / 100);
		page = read_page(r, name, &n);
	}
	if (page == NULL)
		return false;
	res->source = source_from_memory(&r->arena, page, n);
	if (res->source == NULL)
		return false;
	res->type = mime_type(r->conf->mime, str_from(name));
	res->length = (int64_t)n;
	return true;
}
