/*
 * Accept-Encoding with its q-values.
 */
#include "worker/http/accept.h"

#include <stdbool.h>
#include <string.h>

#include "worker/http/parse.h"

#define UNSAID	(HTTP_QUALITY_MAX + 1)

/* "0", "0.5", "0.125", "1", "1.000": RFC 9110 section 12.4.2. */
static bool
read_quality(struct str s, unsigned *out)
{
	static const unsigned worth[] = { 1000, 0, 100, 10, 1 };

	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return false;
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (i == 1)
			continue;
		if (!ascii_digit(s.p[i]))
			return false;
		*out += worth[i] * (unsigned)(s.p[i] - '0');
	}
	return *out <= HTTP_QUALITY_MAX;
}

/* "gzip", "gzip;q=0.5", "gzip ; Q=0.5": false when it is something else. */
static bool
read_coding(struct str element, struct str *coding, unsigned *quality)
{
	const char *semicolon = memchr(element.p, ';', element.n);
	struct str weight;

	*quality = HTTP_QUALITY_MAX;
	*coding = element;
	if (semicolon != NULL) {
		coding->n = (size_t)(semicolon - element.p);
		weight = str_trim((struct str){ semicolon + 1,
		    element.n - coding->n - 1 });
		*coding = str_trim(*coding);
		if (weight.n < 2 || ascii_lower(weight.p[0]) != 'q' ||
		    weight.p[1] != '=' || !read_quality(
		    (struct str){ weight.p + 2, weight.n - 2 }, quality))
			return false;
	}
	return http_is_token(*coding);
}

static void
note(unsigned *place, unsigned quality)
{
	if (*place == UNSAID)
		*place = quality;
}

static void
read_list(struct str list, struct http_accept *said, unsigned *any)
{
	struct str element, coding;
	unsigned quality;

	while (str_next_element(&list, &element)) {
		if (!read_coding(element, &coding, &quality))
			continue;
		if (str_eqcase(coding, STR("br")))
			note(&said->br, quality);
		else if (str_eqcase(coding, STR("gzip")) ||
		    str_eqcase(coding, STR("x-gzip")))
			note(&said->gzip, quality);
		else if (str_eqcase(coding, STR("identity")))
			note(&said->identity, quality);
		else if (str_eq(coding, STR("*")))
			note(any, quality);
	}
}

/* What was not said by name is said by "*", or else is as it always is. */
static unsigned
settle(unsigned said, unsigned any, unsigned otherwise)
{
	if (said != UNSAID)
		return said;
	return any != UNSAID ? any : otherwise;
}

void
http_accept_encoding(const struct http_head *head, struct http_accept *out)
{
	const struct http_field *f = http_field(head, FIELD_ACCEPT_ENCODING);
	const struct http_field *end = head->field + head->nfields;
	struct http_accept said = { UNSAID, UNSAID, UNSAID };
	unsigned any = UNSAID;

	for (; f != NULL && f < end; f++)
		if (f->id == FIELD_ACCEPT_ENCODING)
			read_list(f->value, &said, &any);
	out->br = settle(said.br, any, 0);
	out->gzip = settle(said.gzip, any, 0);
	out->identity = settle(said.identity, any, 1);
}
