/*
 * The head of a response (RFC 9112 section 4, RFC 9110 section 6.6 and 8).
 */
#include "worker/http1_head.h"

#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/http/status.h"

#define HEAD_ROOM	640	/* for all that has a bounded length */

/* Room was reserved: each piece goes behind the one before. */
static char *
put(char *p, struct str s)
{
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

static char *
put_field(char *p, struct str name, const char *value)
{
	if (value == NULL)
		return p;
	p = put(p, name);
	p = put(p, str_from(value));
	return put(p, STR("\r\n"));
}

static char *
put_number(char *p, struct str name, uint64_t value)
{
	p = put(p, name);
	p += str_put_u64(p, value);
	return put(p, STR("\r\n"));
}

static char *
put_status(char *p, int status)
{
	struct str line = status_line(status);

	if (line.n > 0)
		return put(p, line);
	p = put(p, STR("HTTP/1.1 "));
	p += str_put_u64(p, (uint64_t)status);
	*p++ = ' ';
	p = put(p, status_reason(status));
	return put(p, STR("\r\n"));
}

static char *
put_framing(char *p, const struct http1_framing *f)
{
	if (f->chunked)
		p = put(p, STR("Transfer-Encoding: chunked\r\n"));
	else if (f->has_length)
		p = put_number(p, STR("Content-Length: "), f->length);
	if (f->close)
		return put(p, STR("Connection: close\r\n"));
	return put_number(p, STR("Connection: keep-alive\r\n"
	    "Keep-Alive: timeout="), (uint64_t)f->keepalive_ms / 1000);
}

static size_t
length_of(const char *s)
{
	return s == NULL ? 0 : strlen(s);
}

int
http1_head_write(const struct request *r, const struct http1_framing *framing,
    struct buf *out)
{
	const struct response *res = &r->response;
	const struct conf_answer *a = &r->location->answer;
	struct str lines = r->client->https ? a->lines_tls : a->lines;

	char *p;

	/* Whatever it was made of, it cannot end its line (F22). */
	if (res->location != NULL &&
	    !http_is_field_value(str_from(res->location)))
		return -1;
	if (buf_reserve(out, HEAD_ROOM + length_of(res->type) +
	    length_of(res->location) + length_of(res->allow) +
	    res->lines.n + buf_len(&res->fields) + lines.n) == -1)
		return -1;
	p = put_status(buf_tail(out), res->status);
	p = put(p, STR("Server: pyked\r\nDate: "));
	p = put(p, (struct str){ clock_http_date(), HTTP_DATE_LEN });
	p = put(p, STR("\r\n"));
	p = put_field(p, STR("Content-Type: "), res->type);
	p = put_framing(p, framing);
	p = put_field(p, STR("Location: "), res->location);
	p = put_field(p, STR("Allow: "), res->allow);
	if (res->retry_after > 0)
		p = put_number(p, STR("Retry-After: "),
		    (uint64_t)res->retry_after);
	p = put(p, res->lines);
	p = put(p, buf_str(&res->fields));
	p = put(p, lines);
	p = put(p, STR("\r\n"));
	buf_added(out, (size_t)(p - buf_tail(out)));
	return 0;
}
