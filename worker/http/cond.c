/*
 * Conditional requests.
 */
#include "worker/http/cond.h"

#include <string.h>

#include "worker/http/date.h"
#include "worker/http/parse.h"

/* RFC 9110 8.8.3.2: the weak comparison leaves W/ out, the strong one is never
 * true of a weak tag. */
static bool
same_tag(struct str a, struct str b, bool strong)
{
	bool weak_a = str_starts(a, STR("W/")), weak_b = str_starts(b,
	    STR("W/"));

	if (strong && (weak_a || weak_b))
		return false;
	if (weak_a)
		a = (struct str){ a.p + 2, a.n - 2 };
	if (weak_b)
		b = (struct str){ b.p + 2, b.n - 2 };
	return str_eq(a, b);
}

/* How long the entity-tag is that s begins with: W/ and the quotes included;
 * 0 when there is none. */
static size_t
tag_length(struct str s)
{
	size_t quote = str_starts(s, STR("W/")) ? 2 : 0;
	const char *end;

	if (s.n < quote + 2 || s.p[quote] != '"')
		return 0;
	end = memchr(s.p + quote + 1, '"', s.n - quote - 1);
	return end == NULL ? 0 : (size_t)(end - s.p) + 1;
}

/* The next entity-tag of a list. A comma may be part of one, so that lists of
 * them are read here; what is none is skipped up to the next comma. */
static bool
next_tag(struct str *list, struct str *tag)
{
	while (list->n > 0) {
		size_t n = tag_length(*list);
		const char *comma;

		*tag = (struct str){ list->p, n };
		*list = str_trim((struct str){ list->p + n, list->n - n });
		comma = memchr(list->p, ',', list->n);
		if (n > 0 && (list->n == 0 || comma == list->p)) {
			list->p += list->n > 0;
			list->n -= list->n > 0;
			*list = str_trim(*list);
			return true;
		}
		if (comma == NULL)
			return false;
		*list = str_trim((struct str){ comma + 1,
		    list->n - (size_t)(comma + 1 - list->p) });
	}
	return false;
}

static bool
value_names(struct str list, struct str etag, bool strong)
{
	struct str tag;

	while (next_tag(&list, &tag))
		if (same_tag(tag, etag, strong))
			return true;
	return false;
}

/* Does one of the fields of this kind name the tag, or any ("*")? */
static bool
names(const struct http_head *head, enum http_field_id id, struct str etag,
    bool strong)
{
	const struct http_field *f = http_field(head, id);
	const struct http_field *end = head->field + head->nfields;

	if (head->count[id] == 1 && str_eq(f->value, STR("*")))
		return true;
	for (; f != NULL && f < end; f++)
		if (f->id == id && value_names(f->value, etag, strong))
			return true;
	return false;
}

/* The date of a field that is there once and is one. */
static bool
has_date(const struct http_head *head, enum http_field_id id, time_t now,
    time_t *when)
{
	return head->count[id] == 1 &&
	    date_parse(http_field_value(head, id), now, when);
}

/* If-Match, or else If-Unmodified-Since: false, and the answer is 412. */
static bool
may_be_used(const struct http_head *head, const struct validators *v)
{
	time_t when;

	if (head->count[FIELD_IF_MATCH] > 0)
		return names(head, FIELD_IF_MATCH, v->etag, true);
	return !v->has_modified ||
	    !has_date(head, FIELD_IF_UNMODIFIED_SINCE, v->now, &when) ||
	    v->modified <= when;
}

/* If-None-Match, or else If-Modified-Since: true, and the answer is 304. */
static bool
is_known(const struct http_head *head, const struct validators *v)
{
	time_t when;

	if (head->count[FIELD_IF_NONE_MATCH] > 0)
		return names(head, FIELD_IF_NONE_MATCH, v->etag, false);
	return v->has_modified &&
	    has_date(head, FIELD_IF_MODIFIED_SINCE, v->now, &when) &&
	    v->modified <= when;
}

int
cond_status(const struct http_head *head, const struct validators *v)
{
	if (!may_be_used(head, v))
		return 412;
	return is_known(head, v) ? 304 : 0;
}

bool
cond_range(const struct http_head *head, const struct validators *v)
{
	struct str value = http_field_value(head, FIELD_IF_RANGE);
	time_t when;

	if (head->count[FIELD_IF_RANGE] == 0)
		return true;
	if (head->count[FIELD_IF_RANGE] > 1)
		return false;
	if (tag_length(value) == value.n && value.n > 0)
		return same_tag(value, v->etag, true);
	/* A file may change twice within a second: only when that is over does
	 * the date mean one version of it. */
	return v->has_modified && date_parse(value, v->now, &when) &&
	    when == v->modified && v->modified + 1 < v->now;
}
