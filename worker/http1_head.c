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

/* From here on room was reserved, so putting cannot fail. */
static void
put(struct buf *out, struct str s)
{
	(void)buf_put_str(out, s);
}

static void
put_field(struct buf *out, struct str name, const char *value)
{
	if (value == NULL)
		return;
	put(out, name);
	put(out, str_from(value));
	put(out, STR("\r\n"));
}

static void
put_number(struct buf *out, struct str name, uint64_t value)
{
	put(out, name);
	(void)buf_put_u64(out, value);
	put(out, STR("\r\n"));
}

static void
put_status(struct buf *out, int status)
{
	struct str line = status_line(status);

	if (line.n > 0) {
		put(out, line);
		return;
	}
	put(out, STR("HTTP/1.1 "));
	(void)buf_put_u64(out, (uint64_t)status);
	put(out, STR(" "));
	put(out, status_reason(status));
	put(out, STR("\r\n"));
}

static void
put_framing(struct buf *out, const struct http1_framing *f)
{
	if (f->chunked)
		put(out, STR("Transfer-Encoding: chunked\r\n"));
	else if (f->has_length)
		put_number(out, STR("Content-Length: "), f->length);
	if (f->close) {
		put(out, STR("Connection: close\r\n"));
		return;
	}
	put(out, STR("Connection: keep-alive\r\nKeep-Alive: timeout="));
	(void)buf_put_u64(out, (uint64_t)f->keepalive_ms / 1000);
	put(out, STR("\r\n"));
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

	if (buf_reserve(out, HEAD_ROOM + length_of(res->type) +
	    length_of(res->location) + length_of(res->allow) +
	    res->lines.n + buf_len(&res->fields) + lines.n) == -1)
		return -1;
	put_status(out, res->status);
	put(out, STR("Server: pyked\r\nDate: "));
	(void)buf_put(out, clock_http_date(), HTTP_DATE_LEN);
	put(out, STR("\r\n"));
	put_field(out, STR("Content-Type: "), res->type);
	put_framing(out, framing);
	put_field(out, STR("Location: "), res->location);
	put_field(out, STR("Allow: "), res->allow);
	if (res->retry_after > 0)
		put_number(out, STR("Retry-After: "),
		    (uint64_t)res->retry_after);
	put(out, res->lines);
	put(out, buf_str(&res->fields));
	put(out, lines);
	put(out, STR("\r\n"));
	return 0;
}
