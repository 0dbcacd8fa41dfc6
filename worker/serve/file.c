/*
 * Opening a file, and its validators.
 *
 * An entity-tag is made of size and modification time, in nanoseconds. It has
 * neither inode nor change time in it, so that machines behind one balancer
 * agree on it. That is a strong validator as long as each change shows in it
 * (RFC 9110 8.8.1), which it might not in two cases:
 *
 * - The file changed just now: the file system's clock may not have moved on
 *   before it changes again. Until that is over the tag is weak, and it is
 *   another one than later: nobody's copy of that moment is good for longer.
 * - The time is no time: tools that make reproducible packages set it to 0 or
 *   to the first day of some year long ago. Then the change time, which nobody
 *   can set, is part of the tag.
 */
#include "worker/serve/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/mime.h"
#include "worker/http/date.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/beneath.h"
#include "worker/serve/file_copy.h"
#include "worker/serve/refusal.h"
#include "worker/serve/variant.h"

#define MTIME_MAX	253402300799	/* the end of the year 9999 */
#define MTIME_REAL	946857600	/* 2000-01-03; Bazel's files are of the
					 * first, wherever they are made */
#define FRESH_S		2		/* file systems may count in seconds,
					 * and our now is cut to one */

/* May the file change again without a later time? */
static bool
is_fresh(time_t modified, time_t now)
{
	return modified > now - FRESH_S && modified < now + FRESH_S;
}

static const char *
make_etag(struct request *r, const struct stat *st, const char *variant)
{
	bool fresh = is_fresh(st->st_mtim.tv_sec, r->started);
	const char *changed = "";

	if (st->st_mtim.tv_sec < MTIME_REAL)
		changed = arena_printf(&r->arena, ".%llx%08lx",
		    (unsigned long long)st->st_ctim.tv_sec,
		    (unsigned long)st->st_ctim.tv_nsec);
	if (changed == NULL)
		return NULL;
	return arena_printf(&r->arena, "%s\"%llx-%llx%08lx%s%s%s\"",
	    fresh ? "W/" : "", (unsigned long long)st->st_size,
	    (unsigned long long)st->st_mtim.tv_sec,
	    (unsigned long)st->st_mtim.tv_nsec, changed, variant,
	    fresh ? "~" : "");
}

int
file_describe(struct request *r, struct file *f, const struct stat *st,
    const char *variant)
{
	time_t modified = st->st_mtim.tv_sec, now = r->started;
	const char *etag = make_etag(r, st, variant);

	if (etag == NULL)
		return -1;
	f->size = st->st_size;
	f->id = (struct file_id){ st->st_dev, st->st_ino, st->st_mtim,
	    st->st_ctim, st->st_mode, st->st_uid, st->st_gid };
	f->passing = is_fresh(modified, now) || modified > now;
	f->validators = (struct validators){ .etag = str_from(etag),
	    .now = now };
	/* RFC 9110 8.8.2.1: never later than the answer. What no HTTP-date can
	 * say is not said. */
	f->validators.modified = modified < now ? modified : now;
	f->validators.has_modified = modified >= 0 && modified <= MTIME_MAX;
	return 0;
}

/* What the site says to caches of files with that name. */
static const char *
cache_policy(const struct conf_location *l, struct str path)
{
	const char *slash = memrchr(path.p, '/', path.n);
	struct str name = path;

	if (slash != NULL)
		name = (struct str){ slash + 1,
		    path.n - (size_t)(slash + 1 - path.p) };
	for (size_t i = 0; i < l->ncache; i++) {
		const struct conf_cache_rule *rule = &l->cache[i];

		if (rule->end ? str_ends(name, rule->name) :
		    str_eq(name, rule->name))
			return rule->value;
	}
	return NULL;
}

/* --- what a 200 says --- */

static const char *
modified_line(struct request *r, const struct file *f)
{
	char date[HTTP_DATE_LEN];

	if (!f->validators.has_modified ||
	    !date_format(f->validators.modified, date))
		return "";
	return arena_printf(&r->arena, "Last-Modified: %.*s\r\n",
	    HTTP_DATE_LEN, date);
}

/* Of what is compressed on the way there are no ranges. */
static int
put_lines(struct request *r, struct file *f)
{
	const char *modified = modified_line(r, f), *lines;

	if (modified == NULL)
		return -1;
	lines = arena_printf(&r->arena, "%sETag: %s\r\n%s%s%s%s%s%s%s%s",
	    modified, f->validators.etag.p,
	    f->varies ? "Vary: Accept-Encoding\r\n" : "",
	    f->cache != NULL ? "Cache-Control: " : "",
	    f->cache != NULL ? f->cache : "",
	    f->cache != NULL ? "\r\n" : "",
	    f->compress ? "" : "Accept-Ranges: bytes\r\n",
	    f->coding != NULL ? "Content-Encoding: " : "",
	    f->coding != NULL ? f->coding : "",
	    f->coding != NULL ? "\r\n" : "");
	if (lines == NULL)
		return -1;
	f->lines = str_from(lines);
	return 0;
}

/* --- opening --- */

/* The body's descriptor is open: what is it? */
static int
look_at(struct request *r, const char *path, struct file *f)
{
	struct stat st;
	int status;

	if (fstat(f->body->fd, &st) == -1)
		return refusal_status(r, path, errno);
	if (S_ISDIR(st.st_mode))
		return FILE_FOLDER;
	if (!S_ISREG(st.st_mode))
		return 403;
	f->type = mime_type(r->conf->mime, str_from(path));
	f->cache = cache_policy(r->location, str_from(path));
	if (file_describe(r, f, &st, "") == -1)
		return 500;
	status = variant_choose(r, path, f, &st);
	if (status != 0)
		return status;
	return put_lines(r, f) == -1 ? 500 : 0;
}

static struct file_body *
new_body(void)
{
	struct file_body *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->users = 1;
	b->fd = -1;
	return b;
}

int
file_open(struct request *r, const char *path, struct file *f)
{
	int status, fd;

	*f = (struct file){ 0 };
	if (!ledger_take(1))
		return 503;
	fd = beneath_open(r->location->root->fd, path, O_RDONLY,
	    r->location->symlinks);
	f->body = fd == -1 ? NULL : new_body();
	if (f->body == NULL) {
		status = fd == -1 ? refusal_status(r, path, errno) : 500;
		if (fd != -1)
			(void)close(fd);
		ledger_give(1);
		return status;
	}
	f->body->fd = fd;
	status = look_at(r, path, f);
	if (status != 0)
		file_close(f);
	return status;
}

/* --- the bytes --- */

static size_t bytes_kept;

void
file_body_count(struct file_body *b, size_t n)
{
	assert(b->cost == 0);
	b->cost = n;
	bytes_kept += n;
}

size_t
file_bytes_kept(void)
{
	return bytes_kept;
}

struct file_body *
file_body_use(struct file_body *b)
{
	b->users++;
	return b;
}

void
file_body_drop(struct file_body *b)
{
	assert(b->users > 0);
	if (--b->users > 0)
		return;
	if (b->fd != -1) {
		(void)close(b->fd);
		ledger_give(1);
	}
	bytes_kept -= b->cost;
	file_copy_drop(b->copy);
	free(b->bytes);
	free(b->text);
	free(b);
}

void
file_close(struct file *f)
{
	if (f->body != NULL)
		file_body_drop(f->body);
	f->body = NULL;
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool
file_is(const struct file *f, const struct stat *st)
{
	return f->size == st->st_size && f->id.dev == st->st_dev &&
	    f->id.ino == st->st_ino && f->id.mode == st->st_mode &&
	    f->id.uid == st->st_uid && f->id.gid == st->st_gid &&
	    same_time(f->id.modified, st->st_mtim) &&
	    same_time(f->id.changed, st->st_ctim);
}

bool
file_is_still(const struct request *r, const char *path, const struct file *f)
{
	const struct conf_location *l = r->location;
	struct stat st;
	bool same;
	int fd;

	if (variant_may_be(l))
		return false;
	fd = beneath_open(l->root->fd, path, O_PATH, l->symlinks);
	if (fd == -1)
		return false;
	same = fstat(fd, &st) == 0 && file_is(f, &st);
	(void)close(fd);
	return same;
}
