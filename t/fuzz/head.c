/*
 * fuzz: a request's head, and what it says of framing and target.
 *
 * Whole and in pieces the same is found, with the same status; everything
 * found lies in the head; and nothing framed in two ways is let through.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/framing.h"
#include "worker/http/parse.h"
#include "worker/http/target.h"
#include "worker/http/uri.h"

struct verdict {
	enum http_parse_result result;
	int status;
	size_t used;
};

static struct http_head head;

static struct verdict
parse(const char *p, size_t n, const struct http_parse_limits *limits)
{
	struct verdict v = { 0 };
	size_t scanned = 0;

	v.result = http_parse(edge_put(p, n), n, limits, &scanned, &head,
	    &v.used, &v.status);
	must(scanned == (v.result == HTTP_PARSE_PARTIAL ? n : 0));
	return v;
}

/* The bytes move between two calls, as they do in a connection. */
static struct verdict
parse_slowly(const char *p, size_t n, const struct http_parse_limits *limits,
    unsigned how)
{
	struct verdict v = { HTTP_PARSE_PARTIAL, 0, 0 };
	size_t have = 0, scanned = 0;

	while (v.result == HTTP_PARSE_PARTIAL && have < n) {
		have += fuzz_step(how, p, have);
		have = have < n ? have : n;
		v.result = http_parse(edge_put(p, have), have, limits,
		    &scanned, &head, &v.used, &v.status);
	}
	return v;
}

/* In pieces the form of a line may be judged only at its end. */
static void
compare(struct verdict whole, struct verdict slow)
{
	if (slow.result == HTTP_PARSE_PARTIAL) {
		must(whole.result != HTTP_PARSE_COMPLETE);
		return;
	}
	must(whole.result == slow.result);
	if (whole.result == HTTP_PARSE_BAD)
		must(whole.status == slow.status);
	if (whole.result == HTTP_PARSE_COMPLETE)
		must(whole.used == slow.used);
}

static void
check_status(int status)
{
	must(status == 400 || status == 414 || status == 431 ||
	    status == 505);
}

static void
check_fields(const char *p, size_t n)
{
	unsigned count[FIELD_IDS] = { 0 };

	for (size_t i = 0; i < head.nfields; i++) {
		const struct http_field *f = &head.field[i];

		must(f->id < FIELD_IDS && f->id == http_field_lookup(f->name));
		must(fuzz_within(f->name, p, n) && http_is_token(f->name));
		must(fuzz_within(f->value, p, n) &&
		    http_is_field_value(f->value));
		must(str_eq(f->value, str_trim(f->value)));
		if (count[f->id]++ == 0)
			must(head.first[f->id] == i + 1);
	}
	for (size_t id = 0; id < FIELD_IDS; id++) {
		must(head.count[id] == count[id]);
		must((head.first[id] == 0) == (count[id] == 0));
	}
}

static void
check_path(struct str raw)
{
	static char out[HTTP_LINE_MAX];
	size_t n = 0;
	int status = uri_path(raw, out, &n);

	must(status == 0 || status == 400 || status == 404);
	if (status == 0)
		must(n > 0 && n <= raw.n && out[0] == '/' &&
		    memchr(out, '\0', n) == NULL);
}

static void
check_meaning(const char *p, size_t n)
{
	struct http_framing framing;
	struct http_target target;
	int status = http_framing(&head, &framing);

	must(status == 0 || status == 400 || status == 417 || status == 501);
	if (status == 0) {
		must(!framing.chunked || (!framing.has_length &&
		    framing.length == 0 && head.version_minor > 0));
		must(framing.length <= INT64_MAX);
		must(framing.has_length || framing.length == 0);
		must(!framing.close_named || !framing.keepalive);
	}
	status = http_target(&head, &target);
	must(status == 0 || status == 400 || status == 405);
	if (status != 0)
		return;
	must(head.count[FIELD_HOST] <= 1);
	must(target.host.n > 0 || head.version_minor == 0);
	must(fuzz_within(target.host, p, n) && fuzz_within(target.port, p, n));
	must(fuzz_within(target.query, p, n));
	must(!fuzz_has_byte(target.host, '/') &&
	    !fuzz_has_byte(target.host, '@'));
	must(!fuzz_has_byte(target.path, '?'));
	if (!str_eq(target.path, STR("*")))
		check_path(target.path);
}

static void
check_complete(const char *p, size_t n, const struct http_parse_limits *limits,
    struct verdict v)
{
	struct verdict shorter;
	const char *edge;

	must(v.used > 0 && v.used <= n && v.used <= limits->head);
	must(v.used >= 4 && memcmp(p + v.used - 4, "\r\n\r\n", 4) == 0);
	shorter = parse(p, v.used - 1, limits);
	must(shorter.result == HTTP_PARSE_PARTIAL);
	/* The last one, for head points into these bytes; nothing behind the
	 * head is looked at. */
	shorter = parse(p, v.used, limits);
	must(shorter.result == HTTP_PARSE_COMPLETE && shorter.used == v.used);
	edge = edge_put(p, v.used);
	must(head.nfields <= limits->fields);
	must(http_is_token(head.method_name) &&
	    head.method_name.n <= HTTP_METHOD_MAX);
	must(fuzz_within(head.target, edge, v.used) && head.target.n > 0 &&
	    !fuzz_has_byte(head.target, ' '));
	must(head.version_minor >= 0 && head.version_minor <= 9);
	check_fields(edge, v.used);
	check_meaning(edge, v.used);
}

static void
try(const char *p, size_t n, const struct http_parse_limits *limits)
{
	struct verdict v = parse(p, n, limits);

	if (v.result == HTTP_PARSE_COMPLETE)
		check_complete(p, n, limits, v);
	else if (v.result == HTTP_PARSE_BAD)
		check_status(v.status);
	for (unsigned how = 0; how < FUZZ_STEPS; how++)
		compare(v, parse_slowly(p, n, limits, how));
}

void
fuzz(const char *p, size_t n)
{
	static const struct http_parse_limits usual = { 16384, 100 };
	struct http_parse_limits tight = { 1 + n / 2, 2 };
	static char ended[FUZZ_MAX + 4];

	try(p, n, &usual);
	try(p, n, &tight);
	/* With an end behind them, pieces have to be judged too. */
	memcpy(ended, p, n);
	memcpy(ended + n, "\r\n\r\n", 4);
	try(ended, n + 4, &usual);
}
