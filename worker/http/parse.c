/*
 * Reads a request's head: one pass over the bytes, guided by a table that says
 * where each of the 256 may stand.
 *
 * A head that comes at once is read straight through (read_head). One that
 * comes in pieces is checked line by line as the ends of its lines arrive
 * (resume) and read through once more when it is complete, so that nothing but
 * a count of bytes has to be remembered between two calls.
 */
#include "worker/http/parse.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* A line and its CRLF. */
#define LINE_WINDOW	(HTTP_LINE_MAX + 2)

/* Where a byte may stand. */
#define TOKEN	1		/* RFC 9110 5.6.2: in a method, a field name */
#define VALUE	2		/* RFC 9110 5.5: in a field value */
#define TARGET	4		/* in a request-target: ASCII, no '#', no '\' */

#define T	(TOKEN | VALUE | TARGET)
#define H	(TOKEN | VALUE)
#define S	(VALUE | TARGET)
#define V	VALUE
static const unsigned char classes[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0,	/* HTAB */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	V, T, S, H, T, T, T, T, S, S, T, T, S, T, T, S,	/* SP!"#$%&'()*+,-./ */
	T, T, T, T, T, T, T, T, T, T, S, S, S, S, S, S,	/* 0-9 :;<=>? */
	S, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,	/* @A-O */
	T, T, T, T, T, T, T, T, T, T, T, S, V, S, T, T,	/* P-Z [\]^_ */
	T, T, T, T, T, T, T, T, T, T, T, T, T, T, T, T,	/* `a-o */
	T, T, T, T, T, T, T, T, T, T, T, S, T, S, T, 0,	/* p-z {|}~ DEL */
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
	V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V,
};
#undef T
#undef H
#undef S
#undef V

struct scan {
	const char *q;			/* the next byte */
	const char *end;		/* no byte from here on is looked at */
	int status;			/* why, after BAD */
};

/* Past the bytes of a class. */
static const char *
skip(const char *q, const char *end, unsigned char class)
{
	while (q < end && (classes[(unsigned char)*q] & class) != 0)
		q++;
	return q;
}

/* The top bit of the first of eight bytes that lies below SP or is DEL; bytes
 * behind it may be marked in vain. 0 when there is none. */
static uint64_t
controls(uint64_t eight)
{
	const uint64_t ones = UINT64_MAX / 255, tops = ones * 0x80;
	uint64_t del = eight ^ ones * 0x7f;

	return (((eight - ones * ' ') & ~eight) | ((del - ones) & ~del)) & tops;
}

/* Values are most of a head: eight bytes at a time, and singly only behind an
 * HTAB or at the end of the input. */
static const char *
skip_value(const char *q, const char *end)
{
	uint64_t eight;

	while (end - q >= 8) {
		memcpy(&eight, q, 8);
		eight = controls(le64toh(eight));
		if (eight != 0) {
			q += __builtin_ctzll(eight) / 8;
			break;
		}
		q += 8;
	}
	return skip(q, end, VALUE);
}

static enum http_parse_result
bad(struct scan *s, int status)
{
	s->status = status;
	return HTTP_PARSE_BAD;
}

/* A line may be looked at up to here: to find its end no further off is
 * needed. */
static const char *
line_limit(const struct scan *s, const char *line)
{
	return s->end - line < LINE_WINDOW ? s->end : line + LINE_WINDOW;
}

/* The end of a line was not found: it is still to come, or too far off. */
static enum http_parse_result
unfinished(struct scan *s, const char *line, int status)
{
	if (s->end - line < LINE_WINDOW)
		return HTTP_PARSE_PARTIAL;
	return bad(s, status);
}

static enum http_method
method_lookup(struct str name)
{
	static const struct {
		struct str name;
		enum http_method method;
	} methods[] = {
		{ { "GET", 3 }, HTTP_GET },
		{ { "HEAD", 4 }, HTTP_HEAD },
		{ { "POST", 4 }, HTTP_POST },
		{ { "PUT", 3 }, HTTP_PUT },
		{ { "DELETE", 6 }, HTTP_DELETE },
		{ { "PATCH", 5 }, HTTP_PATCH },
		{ { "OPTIONS", 7 }, HTTP_OPTIONS },
		{ { "CONNECT", 7 }, HTTP_CONNECT },
		{ { "TRACE", 5 }, HTTP_TRACE },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (name.n == methods[i].name.n &&
		    memcmp(name.p, methods[i].name.p, name.n) == 0)
			return methods[i].method;
	return HTTP_METHOD_OTHER;
}

/* "HTTP/" DIGIT "." DIGIT CRLF at s->q, where the request line ends. */
static enum http_parse_result
read_version(struct scan *s, const char *line, int *minor)
{
	static const char form[] = "HTTP/0.0\r\n";
	const ptrdiff_t n = sizeof(form) - 1;
	const char *q = s->q, *end = line_limit(s, line);

	for (ptrdiff_t i = 0; i < n; i++) {
		if (q + i == end)
			return unfinished(s, line, 414);
		if (form[i] == '0' ? !ascii_digit(q[i]) : q[i] != form[i])
			return bad(s, 400);
	}
	if (q[5] != '1')
		return bad(s, 505);
	*minor = q[7] - '0';
	s->q = q + n;
	return HTTP_PARSE_COMPLETE;
}

static enum http_parse_result
read_request_line(struct scan *s, struct http_head *head)
{
	const char *line = s->q, *end = line_limit(s, line), *q;

	q = skip(line, end, TOKEN);
	if (q - line > HTTP_METHOD_MAX)
		return bad(s, 400);
	if (q == end)
		return unfinished(s, line, 414);
	if (q == line || *q != ' ')
		return bad(s, 400);
	head->method_name = (struct str){ line, (size_t)(q - line) };
	head->method = method_lookup(head->method_name);
	head->target.p = ++q;
	q = skip(q, end, TARGET);
	if (q == end)
		return unfinished(s, line, 414);
	if (q == head->target.p || *q != ' ')
		return bad(s, 400);
	head->target.n = (size_t)(q - head->target.p);
	s->q = q + 1;
	return read_version(s, line, &head->version_minor);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum http_parse_result
read_field_line(struct scan *s, struct http_field *f)
{
	const char *line = s->q, *end = line_limit(s, line), *q, *value, *last;

	q = skip(line, end, TOKEN);
	if (q == end)
		return unfinished(s, line, 431);
	if (q == line || *q != ':')
		return bad(s, 400);
	f->name = (struct str){ line, (size_t)(q - line) };
	for (q++; q < end && is_blank(*q);)
		q++;
	value = q;
	q = skip_value(q, end);
	if (q < end && *q != '\r')
		return bad(s, 400);
	if (end - q < 2)
		return unfinished(s, line, 431);
	if (q[1] != '\n')
		return bad(s, 400);
	for (last = q; last > value && is_blank(last[-1]);)
		last--;
	f->value = (struct str){ value, (size_t)(last - value) };
	s->q = q + 2;
	return HTTP_PARSE_COMPLETE;
}

static enum http_parse_result
read_empty_line(struct scan *s)
{
	if (s->end - s->q < 2)
		return HTTP_PARSE_PARTIAL;
	if (s->q[1] != '\n')
		return bad(s, 400);
	s->q += 2;
	return HTTP_PARSE_COMPLETE;
}

/* Field lines, from the one that is to be head->field[head->nfields] on, and
 * the empty line behind them. */
static enum http_parse_result
read_fields(struct scan *s, const struct http_parse_limits *limits,
    struct http_head *head)
{
	while (s->q < s->end) {
		struct http_field *f = &head->field[head->nfields];
		enum http_parse_result result;

		if (*s->q == '\r')
			return read_empty_line(s);
		if (head->nfields >= limits->fields)
			return bad(s, 431);
		result = read_field_line(s, f);
		if (result != HTTP_PARSE_COMPLETE)
			return result;
		f->id = http_field_lookup(f->name);
		head->nfields++;
		if (head->count[f->id]++ == 0)
			head->first[f->id] = (uint8_t)head->nfields;
	}
	return HTTP_PARSE_PARTIAL;
}

/* The 4 kB of head->field stay as they are: only nfields of them count. */
static void
reset(struct http_head *head)
{
	head->nfields = 0;
	memset(head->first, 0, sizeof(head->first));
	memset(head->count, 0, sizeof(head->count));
}

static enum http_parse_result
read_head(struct scan *s, const struct http_parse_limits *limits,
    struct http_head *head)
{
	enum http_parse_result result;

	reset(head);
	/* RFC 9112 2.2: one empty line may come before the request. */
	if (*s->q == '\r') {
		result = read_empty_line(s);
		if (result != HTTP_PARSE_COMPLETE)
			return result;
		if (s->q == s->end)
			return HTTP_PARSE_PARTIAL;
	}
	result = read_request_line(s, head);
	if (result != HTTP_PARSE_COMPLETE)
		return result;
	return read_fields(s, limits, head);
}

/* How many lines there are in the bytes up to line, an empty one that comes
 * first not counted. */
static size_t
lines_before(const char *p, const char *line)
{
	size_t n = 0;

	if (*p == '\r')
		p += 2;
	while (p < line) {
		p = (const char *)memchr(p, '\n', (size_t)(line - p)) + 1;
		n++;
	}
	return n;
}

/* More of a line whose end is still not here: its form is looked at when it
 * is complete, but bytes that may stand in no line are refused now, and so is
 * a method without end. */
static enum http_parse_result
same_line(struct scan *s, const char *seen, const char *line, int too_long)
{
	const char *q;

	if (too_long == 414 && s->end - line > HTTP_METHOD_MAX &&
	    memchr(line, ' ', HTTP_METHOD_MAX + 1) == NULL)
		return bad(s, 400);
	if (seen[-1] == '\r' && seen < s->end)
		return bad(s, 400);
	q = skip_value(seen, s->end);
	if (q < s->end && (*q != '\r' || q + 1 < s->end))
		return bad(s, 400);
	return unfinished(s, line, too_long);
}

/* Goes on behind the bytes from s->q to seen, in which nothing was wrong. */
static enum http_parse_result
resume(struct scan *s, const char *seen,
    const struct http_parse_limits *limits, struct http_head *head)
{
	const char *p = s->q, *line;
	enum http_parse_result result;
	bool first;

	line = memrchr(p, '\n', (size_t)(seen - p));
	line = line == NULL ? p : line + 1;
	/* Only the empty line is so short that it ends within two bytes. */
	first = line - p <= 2;
	if (line < seen &&
	    memchr(seen, '\n', (size_t)(s->end - seen)) == NULL) {
		result = same_line(s, seen, line, first ? 414 : 431);
		/* What has more than one fault gets the status that it gets
		 * when it comes at once. */
		return result == HTTP_PARSE_BAD ? read_head(s, limits, head) :
		    result;
	}
	if (!first) {
		reset(head);
		head->nfields = lines_before(p, line) - 1;
		s->q = line;
		result = read_fields(s, limits, head);
		if (result != HTTP_PARSE_COMPLETE)
			return result;
		s->q = p;
	}
	return read_head(s, limits, head);
}

enum http_parse_result
http_parse(const char *p, size_t n, const struct http_parse_limits *limits,
    size_t *scanned, struct http_head *head, size_t *used, int *status)
{
	struct scan s = { p, p, 0 };
	enum http_parse_result result;

	assert(limits->fields <= HTTP_FIELDS_MAX && *scanned <= n);
	if (n == 0)
		return HTTP_PARSE_PARTIAL;
	s.end = p + (n < limits->head ? n : limits->head);
	if (*scanned == 0)
		result = read_head(&s, limits, head);
	else
		result = resume(&s, p + *scanned, limits, head);
	if (result == HTTP_PARSE_PARTIAL && n >= limits->head) {
		/* A line that came in pieces was not judged yet. */
		s.q = p;
		result = read_head(&s, limits, head);
		if (result == HTTP_PARSE_PARTIAL)
			result = bad(&s, 431);
	}

	if (result == HTTP_PARSE_COMPLETE) {
		*used = (size_t)(s.q - p);
		*scanned = 0;
	} else if (result == HTTP_PARSE_PARTIAL) {
		*scanned = n;
	} else {
		reset(head);
		*status = s.status;
	}
	return result;
}

bool
http_is_token_char(char c)
{
	return (classes[(unsigned char)c] & TOKEN) != 0;
}

bool
http_is_token(struct str s)
{
	return s.n > 0 && skip(s.p, s.p + s.n, TOKEN) == s.p + s.n;
}

bool
http_is_value_char(char c)
{
	return (classes[(unsigned char)c] & VALUE) != 0;
}

bool
http_is_field_value(struct str s)
{
	return s.n == 0 || skip(s.p, s.p + s.n, VALUE) == s.p + s.n;
}
