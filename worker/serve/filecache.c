/*
 * Files that were sent lately, and how they are looked at again.
 */
#include "worker/serve/filecache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/file.h"
#include "worker/serve/file_copy.h"
#include "worker/serve/filetable.h"
#include "worker/serve/variant.h"

#define BYTES_MAX	65536	/* larger files stay behind a descriptor */
#define COPY_PART	4	/* one file's copy may have such a part of what
				 * the cache has, */
#define COPIES_PART	2	/* and all of them this: beside that, so that
				 * they leave it what it is for */
#define TRUST_US	1000000	/* an entry is believed for so long */

/* Reads the file into memory: 0, or -1 when that cannot be, or it changed
 * meanwhile. Its descriptor is closed then. */
static int
load(struct file *f)
{
	struct file_body *b = f->body;
	size_t size = (size_t)f->size, done = 0;
	char *bytes = malloc(size > 0 ? size : 1);
	struct stat st;
	ssize_t n;

	while (bytes != NULL && done < size) {
		n = pread(b->fd, bytes + done, size - done, (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (bytes == NULL || done < size || fstat(b->fd, &st) == -1 ||
	    !file_is(f, &st)) {
		free(bytes);
		return -1;
	}
	(void)close(b->fd);
	ledger_give(1);
	b->fd = -1;
	b->bytes = bytes;
	return 0;
}

/* Text that was made for the request is copied: it lives as long as the bytes
 * that it is about. */
static int
keep_text(struct file *f)
{
	size_t etag = f->validators.etag.n, lines = f->lines.n;
	char *text = malloc(etag + lines + 2);

	if (text == NULL)
		return -1;
	memcpy(text, f->validators.etag.p, etag + 1);
	memcpy(text + etag + 1, f->lines.p, lines + 1);
	f->validators.etag.p = text;
	f->lines.p = text + etag + 1;
	f->body->text = text;
	return 0;
}

/* The file of r->path was opened: the next ones need not. */
static void
keep(const struct request *r, struct file *f)
{
	bool small = f->size <= BYTES_MAX;
	size_t cost = f->lines.n + f->validators.etag.n + 2 +
	    sizeof(*f->body) + (small ? (size_t)f->size : 0);
	struct fileentry *e;

	if (f->passing || f->compress)
		return;
	if (!small)
		filetable_make_place();
	if (!filetable_make_room(r, cost) || (small && load(f) == -1) ||
	    keep_text(f) == -1)
		return;
	file_body_count(f->body, cost);
	e = filetable_enter(r, 0);
	if (e == NULL)
		return;
	e->file = *f;
	(void)file_body_use(f->body);
	if (filetable_has_descriptor(e))
		filetable_hold(e);
}

static void
hand_out(const struct request *r, const struct fileentry *e, struct file *f)
{
	*f = e->file;
	f->validators.now = r->started;
	(void)file_body_use(f->body);
}

/* An entry was opened again as f, and takes its place. The file alone does not
 * say whether it has variants now. */
static void
check(const struct request *r, struct fileentry *e, struct file *f)
{
	struct stat st = { .st_dev = f->id.dev, .st_ino = f->id.ino,
	    .st_size = f->size, .st_mtim = f->id.modified,
	    .st_ctim = f->id.changed, .st_mode = f->id.mode,
	    .st_uid = f->id.uid, .st_gid = f->id.gid };

	if (f->passing || !file_is(&e->file, &st) ||
	    !str_eq(f->lines, e->file.lines)) {
		filetable_drop(e);
		keep(r, f);
		return;
	}
	e->checked = clock_now();
	file_close(f);
	hand_out(r, e, f);
}

static bool
is_trusted(const struct fileentry *e)
{
	struct stat st;

	if (mono_us(e->checked, clock_now()) >= TRUST_US)
		return false;
	return !filetable_has_descriptor(e) ||
	    (fstat(e->file.body->fd, &st) == 0 && file_is(&e->file, &st));
}

static bool
confirm(const struct request *r, const char *path, struct fileentry *e)
{
	if (!file_is_still(r, path, &e->file))
		return false;
	e->checked = clock_now();
	return true;
}

static int
open_anew(struct request *r, const char *path, struct file *f)
{
	int status = file_open(r, path, f);

	if (status != 503 || !filetable_drop_held())
		return status;
	return file_open(r, path, f);
}

int
filecache_open(struct request *r, const char *path, struct file *f)
{
	struct filekey k = filetable_key(r);
	struct fileentry *e = filetable_find(&k);
	int status;

	if (e != NULL && (is_trusted(e) || confirm(r, path, e))) {
		e->used = true;
		hand_out(r, e, f);
		f->again = true;
		return 0;
	}
	status = open_anew(r, path, f);
	/* Making room for the descriptor may have cost the entry its place. */
	e = filetable_find(&k);
	if (status != 0) {
		if (e != NULL)
			filetable_drop(e);
	} else if (e != NULL)
		check(r, e, f);
	else
		keep(r, f);
	return status;
}

void
filecache_copy(const struct request *r, const struct file *f)
{
	uint64_t size = (uint64_t)f->size, most = r->conf->file_cache;
	struct file_body *b = f->body;

	if (!f->again || b->fd == -1 || size > most / COPY_PART ||
	    file_copy_is_fresh(b->copy))
		return;
	/* Who is still being sent the old one keeps it. */
	file_copy_drop(b->copy);
	b->copy = file_copy_new((size_t)size, most / COPIES_PART);
}

/* --- folders --- */

const char *
filecache_index(struct request *r)
{
	struct filekey k = filetable_key(r);
	struct fileentry *e = filetable_find(&k);

	if (e == NULL)
		return NULL;
	if (e->index == NULL || !is_trusted(e)) {
		filetable_drop(e);
		return NULL;
	}
	e->used = true;
	return arena_strdup(&r->arena, str_from(e->index));
}

void
filecache_keep_index(struct request *r, const char *whole)
{
	size_t n = str_from(whole).n;
	struct fileentry *e;

	if (!filetable_make_room(r, n + 1))
		return;
	e = filetable_enter(r, n + 1);
	if (e == NULL)
		return;
	e->index = strdup(whole);
	if (e->index == NULL)
		filetable_drop(e);
}
