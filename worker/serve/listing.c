/*
 * Folders: read, sorted, sent.
 *
 * Shown is what a request for it would be given: files and folders the workers'
 * user may open, and links to such that are followed. A name counts
 * for nothing more than that; what is opened by it later is decided anew.
 */
#include "worker/serve/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/access.h"
#include "worker/serve/beneath.h"
#include "worker/serve/html.h"
#include "worker/serve/listing_page.h"
#include "worker/serve/route.h"
#include "worker/serve/turns.h"

#define ENTRIES_MAX	10000		/* of one page; */
#define ENTRIES_SCARCE	500		/* or of one while the pages of clients
					 * that are slow to read hold */
#define HELD_MAX	200000		/* as many as this, all together */
#define LOOKS_PER_TURN	500		/* names, before others have their
					 * turn */
#define PIECE		16384		/* bytes, about, of the page at once */
#define RETRY_S		2		/* Retry-After of a 503 */

enum listing_stage {
	LISTING_READING,
	LISTING_ROWS,
	LISTING_ENDED
};

struct listing {
	struct source source;
	struct turn turn;
	struct request *request;	/* borrowed: whose source it is */
	enum listing_stage stage;
	DIR *dir;			/* owned, one descriptor of the ledger;
					 * NULL once it is read */
	struct listing_page page;	/* entries: the array is owned, what it
					 * points to is in the arena */
	size_t room;			/* of the array */
	size_t next;			/* row to write */
	struct html piece;		/* owned: what is being sent */
};

static size_t held;			/* entries of all listings */

/* --- reading --- */

/* Where a link leads, as a request would find it. */
static bool
follow(const struct listing *l, const char *name, struct stat *st)
{
	const struct request *r = l->request;
	char path[PATH_MAX];
	bool found;
	int n, fd;

	n = snprintf(path, sizeof(path), "%s%s", r->path.p + 1, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = beneath_open(r->location->root->fd, path, O_PATH,
	    r->location->symlinks);
	if (fd == -1)
		return false;
	found = fstat(fd, st) == 0;
	(void)close(fd);
	return found;
}

/* Locations inside of the one that is listed may be for others. */
static bool
is_denied(const struct listing *l, const char *name, bool folder)
{
	const struct request *r = l->request;
	const struct conf_location *at;
	char path[PATH_MAX];
	int n;

	if (r->server->nlocations == 0)
		return false;
	n = snprintf(path, sizeof(path), "%s%s%s", r->path.p, name,
	    folder ? "/" : "");
	if (n < 0 || (size_t)n >= sizeof(path))
		return true;
	at = route_location(r->server, (struct str){ path, (size_t)n });
	return at != r->location && access_is_denied(r, at);
}

/* Would a request for it be given something? *st is what that is. */
static bool
is_shown(const struct listing *l, const char *name, struct stat *st)
{
	int dir = dirfd(l->dir);

	if (name[0] == '.' && (!l->request->location->dotfiles ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		return false;
	if (fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (S_ISLNK(st->st_mode) && !follow(l, name, st))
		return false;
	if ((!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) ||
	    is_denied(l, name, S_ISDIR(st->st_mode)))
		return false;
	return faccessat(dir, name, S_ISDIR(st->st_mode) ? X_OK : R_OK,
	    AT_EACCESS) == 0;
}

/* No more of them on this page. */
static bool
is_full(const struct listing *l)
{
	return l->page.n >= (held < HELD_MAX ? ENTRIES_MAX : ENTRIES_SCARCE);
}

static int
make_room(struct listing *l)
{
	size_t room = l->room == 0 ? 64 : 2 * l->room;
	struct listing_entry **grown;

	if (l->page.n < l->room)
		return 0;
	grown = reallocarray(l->page.entries, room, sizeof(*grown));
	if (grown == NULL)
		return -1;
	l->page.entries = grown;
	l->room = room;
	return 0;
}

static int
keep(struct listing *l, const char *name, const struct stat *st)
{
	size_t n = strlen(name) + 1;
	struct listing_entry *e;

	e = arena_alloc(&l->request->arena, sizeof(*e) + n);
	if (e == NULL || make_room(l) == -1)
		return -1;
	e->size = st->st_size;
	e->modified = st->st_mtim.tv_sec;
	e->is_folder = S_ISDIR(st->st_mode);
	memcpy(e->name, name, n);
	l->page.entries[l->page.n++] = e;
	held++;
	return 0;
}

static void
end_reading(struct listing *l)
{
	if (l->dir == NULL)
		return;
	(void)closedir(l->dir);
	l->dir = NULL;
	ledger_give(1);
}

/* At the end of the folder, or where it cannot be read any further. */
static enum source_result
stop_reading(struct listing *l, int error)
{
	const struct request *r = l->request;

	end_reading(l);
	if (error != 0) {
		log_error("%s%s: reading the folder: %s",
		    r->location->root->path, r->path.p, strerror(error));
		return SOURCE_FAIL;
	}
	listing_page_sort(&l->page);
	listing_page_head(&l->page, &l->piece);
	l->stage = LISTING_ROWS;
	return SOURCE_MORE;
}

/* A turn's worth of names. WAIT: there are more; MORE: that was all. */
static enum source_result
read_some(struct listing *l)
{
	const struct dirent *d;
	struct stat st;

	for (unsigned i = 0; i < LOOKS_PER_TURN; i++) {
		errno = 0;
		d = readdir(l->dir);
		if (d == NULL)
			return stop_reading(l, errno);
		if (!is_shown(l, d->d_name, &st))
			continue;
		if (is_full(l)) {
			l->page.cut = true;
			return stop_reading(l, 0);
		}
		if (keep(l, d->d_name, &st) == -1)
			return stop_reading(l, ENOMEM);
	}
	turn_wait(&l->turn, l->request);
	return SOURCE_WAIT;
}

/* --- sending --- */

static enum source_result
next_piece(struct listing *l, struct span *span)
{
	struct buf *out = &l->piece.out;

	while (l->next < l->page.n && buf_len(out) < PIECE)
		listing_page_row(l->page.entries[l->next++], &l->piece);
	if (l->next == l->page.n) {
		listing_page_foot(&l->page, &l->piece);
		l->stage = LISTING_ENDED;
	}
	if (l->piece.failed)
		return SOURCE_FAIL;
	*span = (struct span){ .p = buf_head(out), .n = buf_len(out) };
	return SOURCE_MORE;
}

static enum source_result
listing_source_next(struct source *s, struct span *span)
{
	struct listing *l = (struct listing *)s;
	enum source_result result = SOURCE_MORE;

	if (l->stage == LISTING_ENDED)
		return SOURCE_END;
	buf_take(&l->piece.out, buf_len(&l->piece.out));
	if (l->stage == LISTING_READING)
		result = read_some(l);
	return result == SOURCE_MORE ? next_piece(l, span) : result;
}

static void
listing_source_close(struct source *s)
{
	struct listing *l = (struct listing *)s;

	turn_clear(&l->turn);
	end_reading(l);
	held -= l->page.n;
	free(l->page.entries);
	buf_free(&l->piece.out);
}

static const struct source_ops listing_ops = { listing_source_next,
    listing_source_close };

/* --- the answer --- */

/* A page of names is for looking at: whatever they are, nothing in it runs,
 * and nothing is fetched by it. */
static int
put_fields(struct request *r)
{
	if (response_field(r, STR("Cache-Control"), STR("no-cache")) == -1 ||
	    response_field(r, STR("X-Content-Type-Options"),
	    STR("nosniff")) == -1)
		return -1;
	return response_field(r, STR("Content-Security-Policy"),
	    STR("default-src 'none'; style-src 'unsafe-inline'; "
	    "base-uri 'none'; form-action 'none'"));
}

/* 0 and *made, or a status; fd is the caller's then. */
static int
open_listing(struct request *r, int fd, struct listing **made)
{
	struct listing *l = arena_alloc(&r->arena, sizeof(*l));

	if (l == NULL)
		return 500;
	if (!ledger_take(1))
		return 503;
	l->dir = fdopendir(fd);
	if (l->dir == NULL) {
		ledger_give(1);
		return 503;
	}
	l->source.ops = &listing_ops;
	l->request = r;
	l->page.path = r->path;
	listing_page_choose(&l->page, r->target.query);
	*made = l;
	return 0;
}

int
listing_start(struct request *r, int fd)
{
	struct response *res = &r->response;
	struct listing *l;
	int status;

	if (r->head->method == HTTP_HEAD) {
		(void)close(fd);
		res->source = source_from_memory(&r->arena, "", 0);
		status = res->source == NULL ? 500 : 0;
	} else {
		status = open_listing(r, fd, &l);
		if (status == 0)
			res->source = &l->source;
		else
			(void)close(fd);
	}
	if (status == 0 && put_fields(r) == -1)
		status = 500;
	if (status == 503)
		res->retry_after = RETRY_S;
	if (status != 0)
		return status;
	res->type = "text/html; charset=utf-8";
	res->status = 200;
	return 0;
}
