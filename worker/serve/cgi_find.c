/*
 * cgi_find: which program a request's path means.
 *
 * Called once per request by cgi. It holds no descriptor: the script's folder
 * is opened again when its turn to run has come.
 */
#include "worker/serve/cgi_find.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/beneath.h"
#include "worker/serve/cgi_explain.h"

/* What to answer when a part of the path cannot be opened. */
static int
status_of_open(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	case ELOOP:
	case EXDEV:
		return 403;
	default:
		return 500;
	}
}

/* 0 and *mode of what path is, or a status. */
static int
look_at(int dir, const char *path, enum conf_symlinks links, mode_t *mode)
{
	struct stat st;
	int fd, status;

	/* A file of the folder itself needs no descriptor to be looked at. */
	if (strchr(path, '/') == NULL &&
	    fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode)) {
		*mode = st.st_mode;
		return 0;
	}
	fd = beneath_open(dir, path, O_PATH, links);
	if (fd == -1)
		return status_of_open(errno);
	status = fstat(fd, &st) == 0 ? 0 : status_of_open(errno);
	*mode = st.st_mode;
	(void)close(fd);
	return status;
}

/*
 * Goes down path, which is relative to t->dir, until something is no directory:
 * 0 and *mode, when that is a file. *end is the length of its name, or of what
 * could not be looked at (errno says why), in any case. path is cut up and put
 * together again on the way.
 */
static int
walk(const struct cgi_target *t, char *path, mode_t *mode, size_t *end)
{
	size_t n;
	int status;
	char after;

	for (n = 0; path[n] != '\0'; n++) {
		n += strcspn(path + n, "/");
		after = path[n];
		path[n] = '\0';
		status = look_at(t->dir, path, t->symlinks, mode);
		path[n] = after;
		*end = n;
		if (status != 0 || S_ISREG(*mode))
			return status;
		if (!S_ISDIR(*mode))
			return 403;
		if (after == '\0')
			break;
	}
	/* A folder, and no index is looked for in it. */
	return 404;
}

/* The same, with what is wrong in the log; any file will do when an
 * interpreter runs it. */
static int
find_file(struct request *r, const struct conf_dir *dir,
    const struct cgi_target *t, char *path, size_t *end)
{
	const struct conf_location *l = r->location;
	mode_t mode = S_IFDIR;
	int status;

	*end = 0;
	errno = 0;
	status = walk(t, path, &mode, end);
	/* Where scripts are told by their suffix no other file is one, whatever
	 * stands behind its name: /photo.jpg/x.php runs no picture. */
	if (status == 0 && l->match == CONF_MATCH_SUFFIX &&
	    !str_ends((struct str){ path, *end }, l->path))
		return 404;
	if (status == 0 && l->cgi.kind != CONF_CGI_WITH &&
	    (mode & 0111) == 0) {
		cgi_explain_mode(r, dir, (struct str){ path, *end });
		return 500;
	}
	if (status == 500 ||
	    (status == 403 && (errno == EXDEV || errno == ELOOP)))
		cgi_explain_path(r, dir, (struct str){ path, *end }, errno);
	return status;
}

/* "folder/name", where folder may end in a slash itself. */
static const char *
join(struct arena *a, struct str folder, struct str name)
{
	char *p;

	if (folder.n > 0 && folder.p[folder.n - 1] == '/')
		folder.n--;
	p = arena_alloc(a, folder.n + name.n + 2);
	if (p == NULL)
		return NULL;
	memcpy(p, folder.p, folder.n);
	p[folder.n] = '/';
	memcpy(p + folder.n + 1, name.p, name.n);
	return p;
}

size_t
cgi_find_prefix(const struct conf_location *l, struct str path)
{
	const char *slash;
	size_t n;

	n = 0;
	if (l->match == CONF_MATCH_PREFIX) {
		n = l->path.n;
	} else if (l->match == CONF_MATCH_EXACT) {
		slash = memrchr(path.p, '/', path.n);
		n = slash == NULL ? 0 : (size_t)(slash - path.p);
	}
	while (n < path.n && path.p[n] == '/')
		n++;
	return n;
}

/* path is the script's, relative to dir. */
static int
fill_in(struct request *r, const struct conf_dir *dir, struct str path,
    struct cgi_target *t)
{
	struct arena *a = &r->arena;
	const char *slash = memrchr(path.p, '/', path.n);
	size_t n = slash == NULL ? 0 : (size_t)(slash - path.p);
	struct str file = path;

	t->folder = ".";
	if (slash != NULL) {
		file = (struct str){ slash + 1, path.n - n - 1 };
		t->folder = arena_strdup(a, (struct str){ path.p, n });
	}
	t->filename = join(a, str_from(dir->path), path);
	t->exec = join(a, STR("."), file);
	return t->folder == NULL || t->filename == NULL || t->exec == NULL ?
	    503 : 0;
}

/* A script below a directory. */
static int
find_below(struct request *r, const struct conf_dir *dir, size_t prefix,
    struct cgi_target *t)
{
	const struct conf_cgi *cgi = &r->location->cgi;
	char *path;
	size_t end;
	int status;

	path = arena_strdup(&r->arena, (struct str){ r->path.p + prefix,
	    r->path.n - prefix });
	if (path == NULL)
		return 503;
	t->dir = dir->fd;
	status = find_file(r, dir, t, path, &end);
	if (status != 0)
		return status;
	status = fill_in(r, dir, (struct str){ path, end }, t);
	if (status != 0)
		return status;
	t->script_name = (struct str){ r->path.p, prefix + end };
	t->path_info = (struct str){ r->path.p + prefix + end,
	    r->path.n - prefix - end };
	if (cgi->kind == CONF_CGI_WITH)
		t->exec = t->interpreter = cgi->program;
	return 0;
}

/* The one program of the location: what follows the location is for it. */
static int
find_program(struct request *r, struct cgi_target *t)
{
	const struct conf_location *l = r->location;
	size_t n;

	n = r->path.n;
	if (l->match == CONF_MATCH_PREFIX)
		n = l->path.n;
	else if (l->match == CONF_MATCH_ALL)
		n = 0;
	if (n > 0 && l->match == CONF_MATCH_PREFIX && r->path.p[n - 1] == '/')
		n--;
	t->dir = l->cgi.dir->fd;
	t->exec = join(&r->arena, STR("."), str_from(l->cgi.program));
	t->filename = join(&r->arena, str_from(l->cgi.dir->path),
	    str_from(l->cgi.program));
	t->script_name = (struct str){ r->path.p, n };
	t->path_info = (struct str){ r->path.p + n, r->path.n - n };
	return t->exec == NULL || t->filename == NULL ? 503 : 0;
}

int
cgi_find(struct request *r, struct cgi_target *t)
{
	const struct conf_location *l = r->location;

	memset(t, 0, sizeof(*t));
	t->symlinks = l->symlinks;
	switch (l->cgi.kind) {
	case CONF_CGI_PROGRAM:
		return find_program(r, t);
	case CONF_CGI_DIR:
		return find_below(r, l->cgi.dir, cgi_find_prefix(l, r->path),
		    t);
	case CONF_CGI_ON:
	case CONF_CGI_WITH:
		return find_below(r, l->root, strspn(r->path.p, "/"), t);
	case CONF_CGI_OFF:
		break;
	}
	return 500;
}
