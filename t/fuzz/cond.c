/*
 * fuzz: the preconditions of a request. They give one of three answers, in
 * the order of RFC 9110 section 13.2.2, for any validators.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/cond.h"
#include "worker/http/parse.h"

#define MODIFIED	784111777	/* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW		1772366400

static struct http_head head;

static bool
has(enum http_field_id id)
{
	return head.count[id] > 0;
}

/* There is one field of this kind, and this is all it says. */
static bool
says(enum http_field_id id, struct str value)
{
	return head.count[id] == 1 && str_eq(http_field_value(&head, id),
	    value);
}

static void
check_match(const struct validators *v, int status)
{
	bool weak = str_starts(v->etag, STR("W/"));

	if (!has(FIELD_IF_MATCH))
		return;
	if (says(FIELD_IF_MATCH, STR("*")) ||
	    (!weak && says(FIELD_IF_MATCH, v->etag)))
		must(status != 412);
	else if (weak)
		must(status == 412);
	/* The date counts no longer. */
	if (!has(FIELD_IF_NONE_MATCH) && !has(FIELD_IF_MODIFIED_SINCE))
		must(status != 304);
}

static void
check_none_match(const struct validators *v, int status)
{
	if (status == 412)
		return;
	if (says(FIELD_IF_NONE_MATCH, STR("*")) ||
	    says(FIELD_IF_NONE_MATCH, v->etag))
		must(status == 304);
	if (has(FIELD_IF_NONE_MATCH) &&
	    says(FIELD_IF_NONE_MATCH, STR("\"another\"")))
		must(status == 0);
}

static void
check(const struct validators *v)
{
	int status = cond_status(&head, v);
	bool range = cond_range(&head, v);

	must(status == 0 || status == 304 || status == 412);
	must(status != 412 || has(FIELD_IF_MATCH) ||
	    (has(FIELD_IF_UNMODIFIED_SINCE) && v->has_modified));
	must(status != 304 || has(FIELD_IF_NONE_MATCH) ||
	    (has(FIELD_IF_MODIFIED_SINCE) && v->has_modified));
	check_match(v, status);
	check_none_match(v, status);
	must(range || has(FIELD_IF_RANGE));
	if (says(FIELD_IF_RANGE, v->etag))
		must(range == !str_starts(v->etag, STR("W/")));
	if (head.count[FIELD_IF_RANGE] > 1)
		must(!range);
}

void
fuzz(const char *p, size_t n)
{
	static const struct http_parse_limits limits = { 16384, 100 };
	struct validators v = { STR("\"a,b\""), true, MODIFIED, NOW };
	size_t scanned = 0, used;
	int status;

	if (http_parse(edge_put(p, n), n, &limits, &scanned, &head, &used,
	    &status) != HTTP_PARSE_COMPLETE)
		return;
	check(&v);
	v.etag = STR("W/\"a,b\"");
	check(&v);
	v.etag = STR("\"\"");
	v.modified = NOW;
	check(&v);
	v.has_modified = false;
	check(&v);
}
