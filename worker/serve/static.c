/*
 * Static files: which file or folder a path means.
 *
 * What is then answered with a file is file_answer's business, with a folder
 * listing's.
 */
#include "worker/serve/static.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/http/uri.h"
#include "worker/serve/beneath.h"
#include "worker/serve/file.h"
#include "worker/serve/file_answer.h"
#include "worker/serve/filecache.h"
#include "worker/serve/listing.h"
#include "worker/serve/refusal.h"

#define ALLOW_FILE	"GET, HEAD, OPTIONS"

static int
open_below(const struct request *r, const char *path, int flags)
{
	return beneath_open(r->location->root->fd, path, flags,
	    r->location->symlinks);
}

/* To the same path with its slash: never a host, and one slash in front. */
static int
redirect_to_slash(struct request *r)
{
	char *to = arena_alloc(&r->arena,
	    3 * r->path.n + r->target.query.n + 3);
	size_t n;

	if (to == NULL)
		return 500;
	n = uri_encode(r->path, to);
	to[n++] = '/';
	if (r->target.has_query) {
		to[n++] = '?';
		memcpy(to + n, r->target.query.p, r->target.query.n);
	}
	r->response.location = to;
	return 301;
}

/* Is there a file of this name, not a folder? 0, or a status. */
static int
look_for(const struct request *r, const char *path)
{
	int fd = open_below(r, path, O_PATH);
	struct stat st;
	bool folder;

	if (fd == -1)
		return refusal_status(r, path, errno);
	folder = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	(void)close(fd);
	return folder ? 404 : 0;
}

/*
 * The first index file of the folder becomes the path: HANDLER_REROUTE. It is
 * not opened here: its own location decides what becomes of it, for an
 * index.php must run and not be shown. 404 when there is none.
 */
static int
find_index(struct request *r)
{
	const struct conf_location *l = r->location;
	const char *whole = filecache_index(r);
	int status;

	if (whole != NULL) {
		r->path = str_from(whole);
		return HANDLER_REROUTE;
	}
	for (size_t i = 0; i < l->nindex; i++) {
		whole = arena_printf(&r->arena, "%.*s%s", (int)r->path.n,
		    r->path.p, l->index[i]);
		if (whole == NULL)
			return 500;
		status = look_for(r, whole + 1);
		if (status == 404)
			continue;
		if (status != 0)
			return status;
		filecache_keep_index(r, whole);
		r->path = str_from(whole);
		return HANDLER_REROUTE;
	}
	return 404;
}

/* What a folder shows: its index, or else itself where it may be listed. */
static int
start_folder(struct request *r, const char *path)
{
	int status = find_index(r), fd;

	if (status != 404)
		return status;
	fd = open_below(r, path, O_RDONLY | O_DIRECTORY);
	if (fd == -1)
		return refusal_status(r, path, errno);
	if (r->location->listing)
		return listing_start(r, fd);
	(void)close(fd);
	return 403;
}

static int
static_start(struct request *r)
{
	enum http_method method = r->head->method;
	/* r->path begins with '/' and has a NUL behind it. */
	const char *path = r->path.n == 1 ? "." : r->path.p + 1;
	struct file f;
	int status;

	if (method != HTTP_GET && method != HTTP_HEAD) {
		r->response.allow = ALLOW_FILE;
		r->response.status = 204;
		return method == HTTP_OPTIONS ? 0 : 405;
	}
	if (r->path.p[r->path.n - 1] == '/')
		return start_folder(r, path);
	status = filecache_open(r, path, &f);
	if (status == FILE_FOLDER)
		return redirect_to_slash(r);
	return status != 0 ? status : file_answer(r, &f);
}

const struct handler handler_static = { "static", static_start };
