/*
 * fuzz: answers with files. Whatever the conditions and ranges of a request,
 * what is sent is as long as announced, costs little more than the file, and
 * each of its parts is the part of the file that it says it is.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "common/conf.h"
#include "t/fuzz/fuzz.h"
#include "worker/http/range.h"
#include "worker/http/request.h"
#include "worker/ledger.h"
#include "worker/serve/file.h"
#include "worker/serve/file_answer.h"
#include "worker/serve/file_copy.h"

#define SIZE_MAX_HERE	5000
#define BODY_MAX	(SIZE_MAX_HERE + 512 * (HTTP_RANGES_MAX + 1))

static char content[SIZE_MAX_HERE];

/* A descriptor of a file with the first so many bytes of content. */
static int
open_content(size_t size)
{
	static int fd = -1;
	int copy;

	if (fd == -1) {
		fd = memfd_create("content", MFD_CLOEXEC);
		for (size_t i = 0; i < sizeof(content); i++)
			content[i] = (char)('a' + (i * i / 7 + i) % 26);
	}
	must(fd != -1 && ftruncate(fd, 0) == 0 &&
	    pwrite(fd, content, size, 0) == (ssize_t)size);
	copy = dup(fd);
	must(copy != -1 && ledger_take(1));
	return copy;
}

static size_t
drain(struct source *s, char *body)
{
	struct span span;
	size_t n = 0;

	while (s != NULL && s->ops->next(s, &span) == SOURCE_MORE) {
		must(span.n > 0 && n + span.n <= BODY_MAX);
		if (span.p != NULL)
			memcpy(body + n, span.p, span.n);
		else
			must(pread(span.fd, body + n, span.n, span.off) ==
			    (ssize_t)span.n);
		n += span.n;
	}
	return n;
}

/* Takes text off the front of s. */
static void
expect(struct str *s, struct str text)
{
	must(str_starts(*s, text));
	s->p += text.n;
	s->n -= text.n;
}

static uint64_t
take_number(struct str *s)
{
	uint64_t v = 0;

	must(s->n > 0 && ascii_digit(*s->p));
	for (; s->n > 0 && ascii_digit(*s->p); s->p++, s->n--)
		v = v * 10 + (uint64_t)(*s->p - '0');
	return v;
}

/* "Content-Range: bytes 0-4/9\r\n" at the front of s. */
static struct http_range
take_content_range(struct str *s, size_t size)
{
	struct http_range range;
	uint64_t last;

	expect(s, STR("Content-Range: bytes "));
	range.off = take_number(s);
	expect(s, STR("-"));
	last = take_number(s);
	expect(s, STR("/"));
	must(take_number(s) == size && range.off <= last && last < size);
	expect(s, STR("\r\n"));
	range.n = last - range.off + 1;
	return range;
}

static void
check_parts(const struct response *res, struct str body, size_t size)
{
	const char *boundary = strstr(res->type, "boundary=") + 9;
	struct str mark = str_from(boundary);
	unsigned parts = 0;
	uint64_t total = 0;

	must(memmem(content, size, mark.p, mark.n) == NULL);
	for (;; parts++) {
		struct http_range range;

		if (parts > 0)
			expect(&body, STR("\r\n"));
		expect(&body, STR("--"));
		expect(&body, mark);
		if (str_starts(body, STR("--")))
			break;
		expect(&body, STR("\r\nContent-Type: a/b\r\n"));
		range = take_content_range(&body, size);
		expect(&body, STR("\r\n"));
		expect(&body, (struct str){ content + range.off, range.n });
		total += range.n;
	}
	must(str_eq(body, STR("--\r\n")));
	must(parts >= 2 && parts <= HTTP_RANGES_MAX && total <= size);
}

static void
check_partial(const struct response *res, struct str body, size_t size)
{
	const char *p = memmem(res->lines.p, res->lines.n, "Content-Range: ",
	    15);
	struct str line;
	struct http_range range;

	if (str_starts(str_from(res->type), STR("multipart/byteranges"))) {
		must(p == NULL);
		check_parts(res, body, size);
		return;
	}
	must(p != NULL);
	line = (struct str){ p, res->lines.n - (size_t)(p - res->lines.p) };
	range = take_content_range(&line, size);
	must(str_eq(body, (struct str){ content + range.off, range.n }));
}

static void
check(const struct request *r, struct str body, size_t size)
{
	const struct response *res = &r->response;

	switch (res->status) {
	case 200:
		must(res->length == (int64_t)size);
		must(r->head->method == HTTP_HEAD || str_eq(body,
		    (struct str){ content, size }));
		break;
	case 206:
		must(r->head->method == HTTP_GET);
		must(res->length == (int64_t)body.n);
		check_partial(res, body, size);
		break;
	case 304:
	case 412:
	case 416:
		must(body.n == 0);
		break;
	default:
		must(false);
	}
}

/* Where the content is. */
enum place {
	BEHIND_DESCRIPTOR,
	IN_MEMORY,			/* as the file cache has it */
	COPIED,				/* to be encrypted, as it is sent */
	PLACES
};

static struct file_body *
make_body(size_t size, enum place place)
{
	struct file_body *b = calloc(1, sizeof(*b));

	must(b != NULL);
	b->users = 1;
	b->fd = place == IN_MEMORY ? -1 : open_content(size);
	if (place == COPIED)
		b->copy = file_copy_new(size, size);
	if (place == IN_MEMORY) {
		b->bytes = malloc(size + 1);
		must(b->bytes != NULL);
		memcpy(b->bytes, content, size);
	}
	return b;
}

static void
answer(const char *p, size_t n, size_t size, enum place place)
{
	static const struct http_parse_limits limits = { 16384, 100 };
	static char body[BODY_MAX];
	const struct client_info client = { .tls = place == COPIED };
	static const struct conf conf;
	struct request *r = request_new();
	struct file f = { .size = (off_t)size, .type = "a/b",
	    .lines = STR("ETag: \"x\"\r\n"),
	    .validators = { STR("\"x\""), true, 784111777, 1772366400 } };
	size_t scanned = 0, used;
	int status;

	must(r != NULL);
	r->client = &client;
	r->conf = &conf;
	if (http_parse(p, n, &limits, &scanned, r->head, &used, &status) ==
	    HTTP_PARSE_COMPLETE && (r->head->method == HTTP_GET ||
	    r->head->method == HTTP_HEAD)) {
		f.body = make_body(size, place);
		must(file_answer(r, &f) == 0);
		check(r, (struct str){ body, drain(r->response.source,
		    body) }, size);
	}
	request_free(r);
}

void
fuzz(const char *p, size_t n)
{
	static bool ready;
	const char *edge = edge_put(p, n);
	unsigned used;

	if (!ready)
		ledger_open(10, 10);
	ready = true;
	used = ledger_used();
	for (enum place place = 0; place < PLACES; place++) {
		answer(edge, n, 0, place);
		answer(edge, n, 1, place);
		answer(edge, n, 50, place);
		answer(edge, n, SIZE_MAX_HERE, place);
	}
	must(ledger_used() == used);
}
