/*
 * Files as answers (RFC 9110 sections 13 and 14).
 */
#include "worker/serve/file_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker/http/range.h"
#include "worker/http/request.h"
#include "worker/serve/file.h"
#include "worker/serve/file_copy.h"
#include "worker/serve/filecache.h"
#include "worker/serve/gzip.h"

#define BOUNDARY	16	/* random bytes: nobody guesses them, and no
				 * file has them in it */

/* --- the source --- */

/* Ranges of the file, with what stands between them. */
struct file_source {
	struct source source;
	struct file_body *body;		/* one reference */
	struct file_copy *copy;		/* one reference: for bytes that are to
					 * be encrypted; or NULL */
	size_t next;			/* span to hand out */
	size_t n;
	struct span span[];
};

static enum source_result
file_next(struct source *s, struct span *span)
{
	struct file_source *f = (struct file_source *)s;
	struct span *next = &f->span[f->next];

	if (f->next == f->n)
		return SOURCE_END;
	if (f->copy != NULL && next->p == NULL) {
		file_copy_take(f->copy, next, span);
		f->next += next->n == 0;
		return SOURCE_MORE;
	}
	*span = *next;
	f->next++;
	return SOURCE_MORE;
}

static void
file_source_close(struct source *s)
{
	struct file_source *f = (struct file_source *)s;

	file_copy_drop(f->copy);
	file_body_drop(f->body);
}

static const struct source_ops file_ops = { file_next, file_source_close };

/* Room for n spans; the body is taken when it is attached. */
static struct file_source *
new_source(struct request *r, size_t n)
{
	struct file_source *s = arena_alloc(&r->arena, sizeof(*s) +
	    n * sizeof(s->span[0]));

	if (s != NULL)
		s->source.ops = &file_ops;
	return s;
}

static void
attach(struct request *r, struct file_source *s, struct file *f)
{
	s->body = f->body;
	if (r->client->tls && file_copy_is_fresh(f->body->copy))
		s->copy = file_copy_use(f->body->copy);
	f->body = NULL;
	r->response.source = &s->source;
}

static void
add_memory(struct file_source *s, const char *p)
{
	s->span[s->n++] = (struct span){ .p = p, .n = str_from(p).n };
}

static void
add_range(struct file_source *s, const struct file *f,
    const struct http_range *range)
{
	const struct file_body *b = f->body;

	s->span[s->n++] = b->bytes != NULL ?
	    (struct span){ .p = b->bytes + range->off, .n = (size_t)range->n } :
	    (struct span){ .fd = b->fd, .off = (off_t)range->off,
	    .n = (size_t)range->n };
}

/* --- answers --- */

/* What a 200 would say that matters to caches. Last-Modified is left out:
 * there is an ETag (RFC 9110 15.4.5). */
static int
answer_not_modified(struct request *r, const struct file *f)
{
	const char *lines = arena_printf(&r->arena, "ETag: %s\r\n%s%s%s%s",
	    f->validators.etag.p,
	    f->varies ? "Vary: Accept-Encoding\r\n" : "",
	    f->cache != NULL ? "Cache-Control: " : "",
	    f->cache != NULL ? f->cache : "",
	    f->cache != NULL ? "\r\n" : "");

	if (lines == NULL)
		return 500;
	r->response.status = 304;
	r->response.lines = str_from(lines);
	return 0;
}

static int
answer_beyond(struct request *r, const struct file *f)
{
	const char *line = arena_printf(&r->arena,
	    "Content-Range: bytes */%jd\r\n", (intmax_t)f->size);

	if (line == NULL)
		return 500;
	r->response.status = 416;
	r->response.lines = str_from(line);
	return 0;
}

/* A head that says the same whether its body follows or not. */
static int
describe(struct request *r, const struct file *f, const char *range)
{
	struct response *res = &r->response;
	const char *lines;

	res->status = 200;
	res->type = f->type;
	res->lines = f->lines;
	if (range == NULL)
		return 0;
	lines = arena_printf(&r->arena, "%s%s", f->lines.p, range);
	if (lines == NULL)
		return 500;
	res->status = 206;
	res->lines = str_from(lines);
	return 0;
}

/* One run of bytes: all of it, or a single range. Where there are none to send
 * the body is kept all the same: the header lines may be its own, and the head
 * may have to wait for the end of the request. */
static int
send_range(struct request *r, struct file *f, const struct http_range *range)
{
	struct file_source *s = new_source(r, 1);

	if (s == NULL)
		return 500;
	r->response.length = (int64_t)range->n;
	if (range->n > 0 && r->head->method != HTTP_HEAD) {
		if (r->client->tls && range->n == (uint64_t)f->size)
			filecache_copy(r, f);
		add_range(s, f, range);
	}
	attach(r, s, f);
	return 0;
}

static int
send_compressed(struct request *r, struct file *f)
{
	struct response *res = &r->response;

	res->length = -1;
	if (r->head->method == HTTP_HEAD)
		res->source = source_from_memory(&r->arena, "", 0);
	else
		res->source = gzip_source(r, f);
	return res->source == NULL ? 503 : 0;
}

static int
answer_whole(struct request *r, struct file *f)
{
	struct http_range all = { 0, (uint64_t)f->size };
	int status = describe(r, f, NULL);

	if (status != 0)
		return status;
	return f->compress ? send_compressed(r, f) : send_range(r, f, &all);
}

static int
answer_range(struct request *r, struct file *f, const struct http_range *range)
{
	const char *line = arena_printf(&r->arena, "Content-Range: bytes %"
	    PRIu64 "-%" PRIu64 "/%jd\r\n", range->off,
	    range->off + range->n - 1, (intmax_t)f->size);
	int status = line == NULL ? 500 : describe(r, f, line);

	return status != 0 ? status : send_range(r, f, range);
}

static void
make_boundary(char text[2 * BOUNDARY + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[BOUNDARY];

	arc4random_buf(bytes, sizeof(bytes));
	for (size_t i = 0; i < BOUNDARY; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * BOUNDARY] = '\0';
}

/* RFC 9110 14.6: every part has a head of its own. 0 or -1. */
static int
add_parts(struct request *r, struct file_source *s, const struct file *f,
    const struct http_ranges *ranges, const char *boundary)
{
	const char *text;

	for (unsigned i = 0; i < ranges->n; i++) {
		const struct http_range *range = &ranges->range[i];

		text = arena_printf(&r->arena, "%s--%s\r\nContent-Type: %s\r\n"
		    "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%jd\r\n\r\n",
		    i == 0 ? "" : "\r\n", boundary, f->type, range->off,
		    range->off + range->n - 1, (intmax_t)f->size);
		if (text == NULL)
			return -1;
		add_memory(s, text);
		add_range(s, f, range);
	}
	text = arena_printf(&r->arena, "\r\n--%s--\r\n", boundary);
	if (text == NULL)
		return -1;
	add_memory(s, text);
	return 0;
}

static int
answer_parts(struct request *r, struct file *f,
    const struct http_ranges *ranges)
{
	struct file_source *s = new_source(r, 2 * ranges->n + 1);
	struct response *res = &r->response;
	char boundary[2 * BOUNDARY + 1];
	int status;

	make_boundary(boundary);
	if (s == NULL || add_parts(r, s, f, ranges, boundary) == -1)
		return 500;
	status = describe(r, f, NULL);
	if (status != 0)
		return status;
	res->status = 206;
	res->type = arena_printf(&r->arena,
	    "multipart/byteranges; boundary=%s", boundary);
	if (res->type == NULL)
		return 500;
	res->length = 0;
	for (size_t i = 0; i < s->n; i++)
		res->length += (int64_t)s->span[i].n;
	attach(r, s, f);
	return 0;
}

/* RFC 9110 14.2: Range is defined for GET alone. */
static int
answer_ok(struct request *r, struct file *f)
{
	const struct http_head *head = r->head;
	struct http_ranges ranges;

	if (head->method != HTTP_GET || head->count[FIELD_RANGE] != 1 ||
	    f->compress || !cond_range(head, &f->validators))
		return answer_whole(r, f);
	switch (http_range_parse(http_field_value(head, FIELD_RANGE),
	    (uint64_t)f->size, &ranges)) {
	case HTTP_RANGE_NONE:
		return answer_whole(r, f);
	case HTTP_RANGE_BEYOND:
		return answer_beyond(r, f);
	case HTTP_RANGE_SOME:
		break;
	}
	return ranges.n == 1 ? answer_range(r, f, &ranges.range[0]) :
	    answer_parts(r, f, &ranges);
}

int
file_answer(struct request *r, struct file *f)
{
	int status = cond_status(r->head, &f->validators);

	if (status == 0)
		status = answer_ok(r, f);
	else if (status == 304)
		status = answer_not_modified(r, f);
	else {
		r->response.status = status;
		status = 0;
	}
	file_close(f);
	return status;
}
