/*
 * Finds the kind of a field name, and fields in a parsed head.
 */
#include "worker/http/fields.h"

#include <stddef.h>

#include "worker/http/parse.h"

#define NAME_MAX_KNOWN	19
#define SAME_LENGTH	3	/* known names of one length, at most */

struct known {
	const char *name;		/* lower case; NULL = no more */
	enum http_field_id id;
};

/* By length: three comparisons of a first byte at most, and no hash that a
 * client could make collide. */
static const struct known known[NAME_MAX_KNOWN + 1][SAME_LENGTH] = {
	[2] = { { "te", FIELD_TE } },
	[4] = { { "host", FIELD_HOST } },
	[5] = { { "range", FIELD_RANGE }, { "proxy", FIELD_PROXY } },
	[6] = { { "cookie", FIELD_COOKIE }, { "expect", FIELD_EXPECT } },
	[7] = { { "referer", FIELD_REFERER }, { "upgrade", FIELD_UPGRADE },
	    { "trailer", FIELD_TRAILER } },
	[8] = { { "if-range", FIELD_IF_RANGE },
	    { "if-match", FIELD_IF_MATCH } },
	[10] = { { "connection", FIELD_CONNECTION },
	    { "user-agent", FIELD_USER_AGENT },
	    { "keep-alive", FIELD_KEEP_ALIVE } },
	[12] = { { "content-type", FIELD_CONTENT_TYPE } },
	[13] = { { "if-none-match", FIELD_IF_NONE_MATCH },
	    { "authorization", FIELD_AUTHORIZATION } },
	[14] = { { "content-length", FIELD_CONTENT_LENGTH } },
	[15] = { { "accept-encoding", FIELD_ACCEPT_ENCODING } },
	[17] = { { "if-modified-since", FIELD_IF_MODIFIED_SINCE },
	    { "transfer-encoding", FIELD_TRANSFER_ENCODING } },
	[19] = { { "if-unmodified-since", FIELD_IF_UNMODIFIED_SINCE } },
};

/* As ascii_lower, but where the compiler sees it: this runs for each byte of
 * each known name. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | ' ') : c;
}

enum http_field_id
http_field_lookup(struct str name)
{
	if (name.n > NAME_MAX_KNOWN)
		return FIELD_OTHER;
	for (size_t k = 0; k < SAME_LENGTH; k++) {
		const struct known *entry = &known[name.n][k];
		size_t i = 0;

		if (entry->name == NULL)
			break;
		while (i < name.n && lower(name.p[i]) == entry->name[i])
			i++;
		if (i == name.n)
			return entry->id;
	}
	return FIELD_OTHER;
}

const struct http_field *
http_field(const struct http_head *head, enum http_field_id id)
{
	return head->first[id] == 0 ? NULL : &head->field[head->first[id] - 1];
}

struct str
http_field_value(const struct http_head *head, enum http_field_id id)
{
	const struct http_field *f = http_field(head, id);

	return f == NULL ? STR("") : f->value;
}

bool
http_field_has(const struct http_head *head, enum http_field_id id,
    struct str element)
{
	const struct http_field *end = head->field + head->nfields;

	for (const struct http_field *f = http_field(head, id);
	    f != NULL && f < end; f++) {
		struct str list = f->value, got;

		if (f->id != id)
			continue;
		while (str_next_element(&list, &got))
			if (str_eqcase(got, element))
				return true;
	}
	return false;
}
