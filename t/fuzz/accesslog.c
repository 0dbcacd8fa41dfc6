/*
 * fuzz: lines of the access log. Whatever a head holds, one line comes out
 * that is printable ASCII, with as many quotes as its format has and nothing
 * lost in it but what is too long.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/ring.h"
#include "t/fuzz/fuzz.h"
#include "worker/accesslog.h"
#include "worker/http/request.h"

#define RING_SIZE	((size_t)1 << 16)

/* Reads escaped text back: \xHH is a byte. */
static size_t
unescape(const char *p, size_t n, char *to)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\\') {
			to[used++] = p[i];
			continue;
		}
		must(n - i >= 4 && p[i + 1] == 'x' && ascii_hex(p[i + 2]) >= 0
		    && ascii_hex(p[i + 3]) >= 0);
		to[used++] = (char)(ascii_hex(p[i + 2]) << 4 |
		    ascii_hex(p[i + 3]));
		i += 3;
	}
	return used;
}

static void
check_escape(const char *p, size_t n, size_t room)
{
	static char text[4 * FUZZ_MAX], back[FUZZ_MAX];
	char *dst = edge_put(text, room);
	size_t used = log_escape(dst, room, p, n), len;

	must(used <= room && used <= 4 * n);
	for (size_t i = 0; i < used; i++)
		must(dst[i] >= ' ' && dst[i] < 0x7f && dst[i] != '"');
	len = unescape(dst, used, back);
	must(len <= n && memcmp(back, p, len) == 0);
	must(len == n || used + 4 > room);
}

static size_t
count(const char *p, size_t n, char c)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] == c;
	return found;
}

static void
check_line(struct request *r, enum conf_log_format format, size_t quotes)
{
	static struct ring_shared *shared;
	static char line[RING_SIZE];
	struct ring ring = { NULL, RING_SIZE, 0 };
	bool broken = false;
	size_t n;

	if (shared == NULL)
		shared = malloc(ring_bytes(RING_SIZE));
	memset(shared, 0, sizeof(*shared));
	ring.shared = shared;
	accesslog_open(&ring, format, -1);
	accesslog_put(r, r->body_sent);
	accesslog_commit(r);
	n = ring_peek(&ring, line, sizeof(line), &broken);
	must(!broken && n > 0 && n <= LOG_LINE_MAX + NET_ADDR_TEXT);
	must(line[n - 1] == '\n' && count(line, n, '\n') == 1);
	must(count(line, n, '"') == quotes);
	for (size_t i = 0; i + 1 < n; i++)
		must(line[i] >= ' ' && line[i] < 0x7f);
}

static void
check_head(const char *p, size_t n)
{
	static const struct http_parse_limits limits = { 16384, 100 };
	struct client_info client = { 0 };
	struct request *r = request_new();
	size_t scanned = 0, used;
	int status = 0;

	must(r != NULL);
	r->client = &client;
	r->body_sent = n * UINT64_C(0x123456789abcd);
	if (http_parse(p, n, &limits, &scanned, r->head, &used, &status) ==
	    HTTP_PARSE_COMPLETE) {
		r->response.status = 200;
	} else {
		/* What could not be read is logged as it came. */
		r->head->method_name = (struct str){ p, n < 200 ? n : 200 };
		r->head->target = STR("");
		r->head->nfields = 0;
		memset(r->head->first, 0, sizeof(r->head->first));
		r->response.status = status;
	}
	check_line(r, CONF_FORMAT_COMMON, 2);
	check_line(r, CONF_FORMAT_COMBINED, 6);
	request_free(r);
}

void
fuzz(const char *p, size_t n)
{
	static char copy[FUZZ_MAX];

	clock_update();
	memcpy(copy, p, n);
	for (size_t room = 0; room < 40; room++)
		check_escape(copy, n, room);
	check_escape(copy, n, n + n / 2);
	check_escape(copy, n, 4 * n);
	check_head(copy, n);
}
