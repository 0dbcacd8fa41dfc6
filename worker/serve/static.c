/*
 * Static files: opened beneath the root's descriptor, sent from their own.
 *
 * Every decision is made on the opened descriptor, so nothing can be swapped
 * between the look and the use.
 */
#include "worker/serve/static.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/mime.h"
#include "worker/http/cond.h"
#include "worker/http/request.h"
#include "worker/http/uri.h"
#include "worker/ledger.h"
#include "worker/serve/beneath.h"
#include "worker/serve/listing.h"

#define ALLOW_FILE	"GET, HEAD, OPTIONS"

#define MTIME_MAX	253402300799	/* the end of the year 9999 */

struct file_source {
	struct source source;
	int fd;				/* owned; one descriptor of the
					 * ledger */
	off_t size;
	bool given;
};

static enum source_result
file_next(struct source *s, struct span *span)
{
	struct file_source *f = (struct file_source *)s;

	if (f->given || f->size == 0)
		return SOURCE_END;
	f->given = true;
	*span = (struct span){ .fd = f->fd, .n = (size_t)f->size };
	return SOURCE_MORE;
}

static void
file_close(struct source *s)
{
	struct file_source *f = (struct file_source *)s;

	(void)close(f->fd);
	ledger_give(1);
}

static const struct source_ops file_ops = { file_next, file_close };

/* Which part of the path keeps us out? For the administrator's eyes. */
static void
log_refusal(const struct request *r, const char *path)
{
	const struct conf_dir *root = r->location->root;
	size_t n = strlen(path);
	char part[PATH_MAX];

	for (size_t i = 1; i < n && i < sizeof(part); i++) {
		int fd;

		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		fd = beneath_open(root->fd, part, O_PATH);
		if (fd == -1)
			break;
		if (faccessat(fd, ".", X_OK, AT_EACCESS) == -1) {
			log_warn("403: the folder %s/%s may not be entered by "
			    "the workers' user", root->path, part);
			(void)close(fd);
			return;
		}
		(void)close(fd);
	}
	log_warn("403: %s/%s may not be read by the workers' user",
	    root->path, path);
}

static int
status_of_errno(const struct request *r, const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
		return 404;
	case EACCES:
	case EPERM:
		log_refusal(r, path);
		return 403;
	case EXDEV:			/* a link that leads out of the root */
	case ENXIO:			/* a socket, or a pipe nobody writes */
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

/* Opens what path names: 0, or a status. */
static int
open_path(const struct request *r, const char *path, int *fd, struct stat *st)
{
	*fd = beneath_open(r->location->root->fd, path, O_RDONLY);
	if (*fd == -1)
		return status_of_errno(r, path, errno);
	if (fstat(*fd, st) == -1) {
		int error = errno;

		(void)close(*fd);
		return status_of_errno(r, path, error);
	}
	return 0;
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
	int fd = beneath_open(r->location->root->fd, path, O_PATH);
	struct stat st;
	bool folder;

	if (fd == -1)
		return status_of_errno(r, path, errno);
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
	const char *whole;
	int status;

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
		r->path = str_from(whole);
		return HANDLER_REROUTE;
	}
	return 404;
}

/* What a folder shows: its index, or else itself where it may be listed. */
static int
open_folder(struct request *r, const char *path, int *fd, struct stat *st)
{
	int status = find_index(r);

	if (status != 404)
		return status;
	status = open_path(r, path, fd, st);
	if (status != 0 || r->location->listing)
		return status;
	(void)close(*fd);
	return 403;
}

/* What r->path stands for, opened: 0, or what start is to return. */
static int
open_target(struct request *r, const char **path, int *fd, struct stat *st)
{
	int status;

	/* r->path begins with '/' and has a NUL behind it. */
	*path = r->path.n == 1 ? "." : r->path.p + 1;
	if (r->path.p[r->path.n - 1] == '/')
		return open_folder(r, *path, fd, st);
	status = open_path(r, *path, fd, st);
	if (status != 0 || !S_ISDIR(st->st_mode))
		return status;
	(void)close(*fd);
	return redirect_to_slash(r);
}

/* Strong: changes whenever the size or the time of the file does. */
static char *
make_etag(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "\"%llx-%llx%05lx\"",
	    (unsigned long long)st->st_size,
	    (unsigned long long)st->st_mtim.tv_sec,
	    (unsigned long)(st->st_mtim.tv_nsec / 1000));
}

/* Takes fd. */
static int
answer_with(struct request *r, const char *path, int fd, const struct stat *st)
{
	struct response *res = &r->response;
	struct file_source *f = arena_alloc(&r->arena, sizeof(*f));

	res->etag = make_etag(&r->arena, st);
	if (f == NULL || res->etag == NULL || !ledger_take(1)) {
		(void)close(fd);
		return f == NULL || res->etag == NULL ? 500 : 503;
	}
	*f = (struct file_source){ { &file_ops }, fd, st->st_size, false };
	res->source = &f->source;
	res->length = st->st_size;
	res->type = mime_type(r->conf->mime, str_from(path));
	res->modified = st->st_mtim.tv_sec < r->started ? st->st_mtim.tv_sec :
	    r->started;
	/* What no HTTP-date can say is not said. */
	res->has_modified = st->st_mtim.tv_sec >= 0 &&
	    st->st_mtim.tv_sec <= MTIME_MAX;
	res->status = 200;
	if (cond_not_modified(r->head, str_from(res->etag), res->has_modified,
	    res->modified, r->started)) {
		res->status = 304;
		res->type = NULL;
	}
	return 0;
}

static int
static_start(struct request *r)
{
	enum http_method method = r->head->method;
	const char *path;
	struct stat st;
	int fd, status;

	if (method != HTTP_GET && method != HTTP_HEAD) {
		r->response.allow = ALLOW_FILE;
		r->response.status = 204;
		return method == HTTP_OPTIONS ? 0 : 405;
	}
	status = open_target(r, &path, &fd, &st);
	if (status != 0)
		return status;
	if (S_ISDIR(st.st_mode))
		return listing_start(r, fd);
	if (!S_ISREG(st.st_mode)) {
		(void)close(fd);
		return 403;
	}
	return answer_with(r, path, fd, &st);
}

const struct handler handler_static = { "static", static_start };
