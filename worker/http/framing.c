/*
 * Decides where a request's body ends, from Content-Length, Transfer-Encoding,
 * Connection and Expect.
 */
#include "worker/http/framing.h"

#include <stddef.h>
#include <string.h>

#include "worker/http/parse.h"

/* What Transfer-Encoding lists, over all its lines. */
struct codings {
	bool chunked;			/* the last one read is chunked */
	bool unknown;			/* there is one that is not */
};

/* The first byte of s, or 0 at its end: no field value holds a 0. */
static char
peek(const struct str *s)
{
	return s->n > 0 ? s->p[0] : '\0';
}

static void
advance(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void
skip_blanks(struct str *s)
{
	while (peek(s) == ' ' || peek(s) == '\t')
		advance(s, 1);
}

/* False when there is none. */
static bool
take_token(struct str *s, struct str *token)
{
	size_t n = 0;

	while (n < s->n && http_is_token_char(s->p[n]))
		n++;
	*token = (struct str){ s->p, n };
	advance(s, n);
	return n > 0;
}

/* RFC 9110 5.6.4, from its opening quote on. */
static bool
take_quoted(struct str *s)
{
	for (size_t i = 1; i < s->n; i++) {
		if (s->p[i] == '"') {
			advance(s, i + 1);
			return true;
		}
		if (s->p[i] == '\\')
			i++;
	}
	return false;
}

/* *( OWS ";" OWS token BWS "=" BWS ( token / quoted-string ) ); *any says
 * whether there was one. */
static bool
take_parameters(struct str *s, bool *any)
{
	struct str token;

	*any = false;
	for (skip_blanks(s); peek(s) == ';'; skip_blanks(s)) {
		*any = true;
		advance(s, 1);
		skip_blanks(s);
		if (!take_token(s, &token))
			return false;
		skip_blanks(s);
		if (peek(s) != '=')
			return false;
		advance(s, 1);
		skip_blanks(s);
		if (peek(s) == '"' ? !take_quoted(s) : !take_token(s, &token))
			return false;
	}
	return true;
}

/* One line of Transfer-Encoding. False for what is malformed, and for chunked
 * that is not the last or has parameters. */
static bool
read_codings(struct str s, struct codings *seen)
{
	struct str name;
	bool parameters;

	for (;;) {
		skip_blanks(&s);
		if (!take_token(&s, &name) ||
		    !take_parameters(&s, &parameters) || seen->chunked)
			return false;
		seen->chunked = str_eqcase(name, STR("chunked"));
		if (seen->chunked && parameters)
			return false;
		seen->unknown |= !seen->chunked;
		if (s.n == 0)
			return true;
		if (peek(&s) != ',')
			return false;
		advance(&s, 1);
	}
}

/* RFC 9112 6.1 and 6.3. Both fields in one message, or the coding where it is
 * not defined, are how requests are smuggled. */
static int
read_transfer_encoding(const struct http_head *head, struct http_framing *out)
{
	struct codings seen = { false, false };

	if (head->count[FIELD_TRANSFER_ENCODING] == 0)
		return 0;
	if (head->count[FIELD_CONTENT_LENGTH] > 0 || head->version_minor == 0)
		return 400;
	for (size_t i = 0; i < head->nfields; i++)
		if (head->field[i].id == FIELD_TRANSFER_ENCODING &&
		    !read_codings(head->field[i].value, &seen))
			return 400;
	out->chunked = !seen.unknown;
	return seen.unknown ? 501 : 0;
}

static int
read_content_length(const struct http_head *head, struct http_framing *out)
{
	struct str s = http_field_value(head, FIELD_CONTENT_LENGTH);

	if (head->count[FIELD_CONTENT_LENGTH] == 0)
		return 0;
	if (head->count[FIELD_CONTENT_LENGTH] > 1 ||
	    str_u64(s, INT64_MAX, &out->length) != 0 ||
	    (s.n > 1 && s.p[0] == '0'))
		return 400;
	out->has_length = true;
	return 0;
}

/* RFC 9112 9.3. Close wins over keep-alive. */
static int
read_connection(const struct http_head *head, struct http_framing *out)
{
	bool asked = false;
	struct str list, option;

	for (size_t i = 0; head->count[FIELD_CONNECTION] > 0 &&
	    i < head->nfields; i++) {
		if (head->field[i].id != FIELD_CONNECTION)
			continue;
		list = head->field[i].value;
		while (str_next_element(&list, &option)) {
			if (!http_is_token(option))
				return 400;
			if (str_eqcase(option, STR("close")))
				out->close_named = true;
			else if (str_eqcase(option, STR("keep-alive")))
				asked = true;
		}
	}
	out->keepalive = !out->close_named &&
	    (asked || head->version_minor > 0);
	return 0;
}

/* RFC 9110 10.1.1; HTTP/1.0 knows no expectations. */
static int
read_expect(const struct http_head *head, struct http_framing *out)
{
	if (head->count[FIELD_EXPECT] == 0 || head->version_minor == 0)
		return 0;
	for (size_t i = 0; i < head->nfields; i++)
		if (head->field[i].id == FIELD_EXPECT &&
		    !str_eqcase(head->field[i].value, STR("100-continue")))
			return 417;
	out->expect_continue = out->chunked || out->length > 0;
	return 0;
}

int
http_framing(const struct http_head *head, struct http_framing *out)
{
	int status;

	memset(out, 0, sizeof(*out));
	status = read_connection(head, out);
	if (status == 0)
		status = read_transfer_encoding(head, out);
	if (status == 0)
		status = read_content_length(head, out);
	if (status == 0)
		status = read_expect(head, out);
	return status;
}
