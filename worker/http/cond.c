/*
 * Conditional requests.
 */
#include "worker/http/cond.h"

#include "worker/http/date.h"

/* RFC 9110 8.8.3.2, weak comparison: the W/ does not count. */
static bool
weakly_equal(struct str a, struct str b)
{
	if (str_starts(a, STR("W/")))
		a = (struct str){ a.p + 2, a.n - 2 };
	return str_eq(a, b);
}

static bool
none_match_names(const struct http_head *head, struct str etag)
{
	for (size_t i = 0; i < head->nfields; i++) {
		struct str list = head->field[i].value, element;

		if (head->field[i].id != FIELD_IF_NONE_MATCH)
			continue;
		while (str_next_element(&list, &element))
			if (str_eq(element, STR("*")) ||
			    weakly_equal(element, etag))
				return true;
	}
	return false;
}

bool
cond_not_modified(const struct http_head *head, struct str etag,
    bool has_modified, time_t modified, time_t now)
{
	const struct http_field *since;
	time_t when;

	if (http_field(head, FIELD_IF_NONE_MATCH) != NULL)
		return none_match_names(head, etag);
	since = http_field(head, FIELD_IF_MODIFIED_SINCE);
	return since != NULL && has_modified &&
	    date_parse(since->value, now, &when) && modified <= when;
}
