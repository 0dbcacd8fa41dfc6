/*
 * Precompressed files beside the one that is asked for, and what is compressed
 * on the way.
 */
#include "worker/serve/variant.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/conf.h"
#include "worker/http/accept.h"
#include "worker/http/request.h"
#include "worker/serve/beneath.h"
#include "worker/serve/file.h"
#include "worker/serve/gzip.h"

#define GZIP_MIN	512	/* bytes; smaller files gain nothing */

static const struct {
	const char *extension;
	const char *coding;
	const char *etag;		/* what its entity-tag has more */
} variants[] = {
	[CONF_CODING_BR] = { ".br", "br", "-br" },
	[CONF_CODING_GZIP] = { ".gz", "gzip", "-gz" },
};

/* The variant that is the best so far. */
struct choice {
	enum conf_coding coding;	/* NONE: the file as it is */
	unsigned quality;
	int fd;				/* owned; -1 with NONE */
	struct stat st;
};

static unsigned
quality(const struct http_accept *accept, enum conf_coding coding)
{
	return coding == CONF_CODING_BR ? accept->br : accept->gzip;
}

/* The regular file beside path that is as new: its descriptor, or -1. */
static int
open_variant(const struct request *r, const char *path, enum conf_coding coding,
    time_t modified, struct stat *st)
{
	char name[PATH_MAX];
	int fd, n;

	n = snprintf(name, sizeof(name), "%s%s", path,
	    variants[coding].extension);
	if (n < 0 || (size_t)n >= sizeof(name))
		return -1;
	fd = beneath_open(r->location->root->fd, name, O_RDONLY,
	    r->location->symlinks);
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    st->st_mtim.tv_sec >= modified)
		return fd;
	(void)close(fd);
	return -1;
}

/* Of equals, the coded one is smaller and the first is liked better. */
static bool
is_better(const struct choice *best, unsigned q)
{
	return q > best->quality || (q > 0 && q == best->quality &&
	    best->coding == CONF_CODING_NONE);
}

/* Looks for all of them, liked or not, until it is clear that there are any:
 * Vary has to say so to those who like none. */
static void
choose_file(const struct request *r, const char *path, struct file *f,
    time_t modified, const struct http_accept *accept, struct choice *best)
{
	const enum conf_coding *codings = r->location->precompressed;

	for (size_t i = 0; i < CONF_CODINGS &&
	    codings[i] != CONF_CODING_NONE; i++) {
		unsigned q = quality(accept, codings[i]);
		bool better = is_better(best, q);
		struct stat st;
		int fd;

		if (f->varies && !better)
			continue;
		fd = open_variant(r, path, codings[i], modified, &st);
		if (fd == -1)
			continue;
		f->varies = true;
		if (better) {
			if (best->fd != -1)
				(void)close(best->fd);
			*best = (struct choice){ codings[i], q, fd, st };
		} else {
			(void)close(fd);
		}
	}
}

/* The descriptor takes the place of the file's own. */
static int
take_variant(struct request *r, struct file *f, const struct choice *c)
{
	(void)close(f->body->fd);
	f->body->fd = c->fd;
	f->coding = variants[c->coding].coding;
	return file_describe(r, f, &c->st, variants[c->coding].etag) == -1 ?
	    500 : 0;
}

/* --- compressed on the way --- */

/* Is a type, of which type has the parameters too, one of the site's? */
static bool
is_listed(const struct conf_location *l, struct str type)
{
	const char *end = memchr(type.p, ';', type.n);

	if (end != NULL)
		type.n = (size_t)(end - type.p);
	for (size_t i = 0; i < l->ngzip; i++) {
		struct str t = l->gzip[i], head = { type.p, t.n };

		if (type.n >= t.n && str_eqcase(head, t) &&
		    (type.n == t.n || t.p[t.n - 1] == '/'))
			return true;
	}
	return false;
}

/* Ranges are of bytes that are there; HTTP/1.0 has no way to send what has no
 * known length and to go on. */
static bool
may_compress(const struct request *r, const struct http_accept *accept)
{
	bool range = r->head->method == HTTP_GET &&
	    r->head->count[FIELD_RANGE] > 0;

	return accept->gzip > 0 && accept->gzip >= accept->identity &&
	    !range && r->head->version_minor >= 1 && gzip_has_room();
}

static int
choose_gzip(struct request *r, struct file *f, const struct stat *st,
    const struct http_accept *accept)
{
	if (st->st_size < GZIP_MIN ||
	    !is_listed(r->location, str_from(f->type)))
		return 0;
	f->varies = true;
	/* Who asks for a range, or when there is much to do, gets it as it
	 * is. */
	f->passing = true;
	if (!may_compress(r, accept))
		return 0;
	f->compress = true;
	f->coding = "gzip";
	if (file_describe(r, f, st, "-gzip") == -1)
		return 500;
	/* Another zlib makes other bytes of the same file: a weak tag. */
	if (!str_starts(f->validators.etag, STR("W/"))) {
		const char *etag = arena_printf(&r->arena, "W/%s",
		    f->validators.etag.p);

		if (etag == NULL)
			return 500;
		f->validators.etag = str_from(etag);
	}
	f->passing = true;
	return 0;
}

/* 0, 1 or 2: less, the same, more. */
static uint32_t
compare(unsigned a, unsigned b)
{
	return a < b ? 0 : a == b ? 1 : 2;
}

bool
variant_may_be(const struct conf_location *l)
{
	return l->precompressed[0] != CONF_CODING_NONE || l->ngzip > 0;
}

/* What is chosen depends on what is liked better than what, and on what is
 * liked at all. How much it is liked must not matter: nobody shall fill the
 * cache with one file under a million qualities. */
uint32_t
variant_class(const struct request *r)
{
	const struct conf_location *l = r->location;
	struct http_accept a;
	uint32_t order;

	if (!variant_may_be(l))
		return 0;
	http_accept_encoding(r->head, &a);
	order = (compare(a.br, a.gzip) * 3 + compare(a.br, a.identity)) * 3 +
	    compare(a.gzip, a.identity);
	return (order * 2 + (a.br > 0)) * 2 + (a.gzip > 0);
}

int
variant_choose(struct request *r, const char *path, struct file *f,
    const struct stat *st)
{
	const struct conf_location *l = r->location;
	struct http_accept accept;
	struct choice best = { .fd = -1 };

	if (!variant_may_be(l))
		return 0;
	http_accept_encoding(r->head, &accept);
	best.quality = accept.identity;
	choose_file(r, path, f, st->st_mtim.tv_sec, &accept, &best);
	if (best.coding != CONF_CODING_NONE)
		return take_variant(r, f, &best);
	return l->ngzip == 0 ? 0 : choose_gzip(r, f, st, &accept);
}

bool
variant_is_served(const struct conf_location *l, enum conf_coding coding)
{
	for (size_t i = 0; i < CONF_CODINGS; i++)
		if (l->precompressed[i] == coding)
			return true;
	return false;
}

enum conf_coding
variant_named(struct str path, struct str *original)
{
	for (enum conf_coding c = CONF_CODING_BR; c <= CONF_CODING_GZIP; c++) {
		struct str end = str_from(variants[c].extension);

		*original = (struct str){ path.p, path.n - end.n };
		if (str_ends(path, end))
			return c;
	}
	return CONF_CODING_NONE;
}
