/*
 * A state machine that takes the chunked coding apart, a byte at a time but
 * for the data itself.
 */
#include "worker/http/chunk.h"

#include <stdbool.h>
#include <string.h>

#include "common/str.h"
#include "worker/http/parse.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What may come where an extension, or the size, can be over. */
static enum chunk_state
after_extension(char c)
{
	if (c == ';')
		return CHUNK_EXT_NAME_START;
	if (c == '\r')
		return CHUNK_SIZE_LF;
	return is_blank(c) ? CHUNK_EXT_GAP : CHUNK_REFUSED;
}

/* 60 bits at most, so no sum of sizes comes near the end of 64. */
static enum chunk_state
size_byte(struct chunk_decoder *d, char c)
{
	int digit = ascii_hex(c);

	if (digit < 0)
		return d->state == CHUNK_SIZE_START ? CHUNK_REFUSED :
		    after_extension(c);
	if (d->digits > 0 || digit > 0)
		d->digits++;
	if (d->digits > CHUNK_DIGITS_MAX)
		return CHUNK_REFUSED;
	d->left = d->left << 4 | (uint64_t)digit;
	return CHUNK_SIZE;
}

static enum chunk_state
extension_name_byte(enum chunk_state state, char c)
{
	if (state == CHUNK_EXT_NAME_START && is_blank(c))
		return state;
	if (state != CHUNK_EXT_NAME_GAP && http_is_token_char(c))
		return CHUNK_EXT_NAME;
	if (state == CHUNK_EXT_NAME_START)
		return CHUNK_REFUSED;
	if (c == '=')
		return CHUNK_EXT_VALUE_START;
	if (is_blank(c))
		return CHUNK_EXT_NAME_GAP;
	/* Blanks are bad where nothing follows them. */
	if (c == '\r' && state == CHUNK_EXT_NAME_GAP)
		return CHUNK_REFUSED;
	return after_extension(c);
}

static enum chunk_state
extension_value_byte(enum chunk_state state, char c)
{
	switch (state) {
	case CHUNK_EXT_VALUE_START:
		if (c == '"')
			return CHUNK_EXT_QUOTED;
		if (is_blank(c))
			return state;
		return http_is_token_char(c) ? CHUNK_EXT_VALUE : CHUNK_REFUSED;
	case CHUNK_EXT_VALUE:
		return http_is_token_char(c) ? state : after_extension(c);
	case CHUNK_EXT_QUOTED:
		if (c == '"')
			return CHUNK_EXT_QUOTED_END;
		if (c == '\\')
			return CHUNK_EXT_ESCAPED;
		return http_is_value_char(c) ? state : CHUNK_REFUSED;
	case CHUNK_EXT_ESCAPED:
		return http_is_value_char(c) ? CHUNK_EXT_QUOTED : CHUNK_REFUSED;
	default:
		return after_extension(c);
	}
}

static enum chunk_state
extension_byte(enum chunk_state state, char c)
{
	if (state == CHUNK_EXT_GAP) {
		if (is_blank(c))
			return state;
		return c == ';' ? CHUNK_EXT_NAME_START : CHUNK_REFUSED;
	}
	if (state <= CHUNK_EXT_NAME_GAP)
		return extension_name_byte(state, c);
	return extension_value_byte(state, c);
}

/* A byte of a size line, its CRLF not counted. */
static enum chunk_state
line_byte(struct chunk_decoder *d, char c)
{
	enum chunk_state next;

	if (d->state == CHUNK_SIZE_START) {
		d->digits = d->line = 0;
		d->left = 0;
	}
	if (d->state <= CHUNK_SIZE)
		next = size_byte(d, c);
	else
		next = extension_byte(d->state, c);
	if (next == CHUNK_SIZE_LF)
		return next;
	if (++d->line > CHUNK_LINE_MAX)
		return CHUNK_REFUSED;
	if (next != CHUNK_SIZE && ++d->extensions > CHUNK_EXTENSIONS_MAX)
		return CHUNK_REFUSED;
	return next;
}

/* RFC 9110 6.5.1: fields that must come before the body to have a meaning, and
 * whose meaning somebody may have acted on by then. */
static bool
is_forbidden(const struct chunk_decoder *d)
{
	static const char *const names[] = {
		"authorization", "connection", "content-length", "cookie",
		"expect", "forwarded", "host", "keep-alive", "max-forwards",
		"proxy-authenticate", "proxy-authorization",
		"proxy-connection", "te", "trailer", "transfer-encoding",
		"upgrade", "www-authenticate", "x-forwarded-for",
		"x-forwarded-host", "x-forwarded-proto", "x-real-ip",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == d->name &&
		    memcmp(names[i], d->name_text, d->name) == 0)
			return true;
	return false;
}

static enum chunk_state
trailer_name_byte(struct chunk_decoder *d, char c)
{
	if (d->state == CHUNK_TRAILER_START) {
		if (c == '\r')
			return CHUNK_END_LF;
		if (++d->fields > CHUNK_TRAILER_FIELDS)
			return CHUNK_REFUSED;
		d->name = 0;
	} else if (c == ':') {
		return is_forbidden(d) ? CHUNK_REFUSED : CHUNK_TRAILER_VALUE;
	}
	if (!http_is_token_char(c))
		return CHUNK_REFUSED;
	if (d->name < sizeof(d->name_text))
		d->name_text[d->name] = ascii_lower(c);
	d->name++;
	return CHUNK_TRAILER_NAME;
}

static enum chunk_state
trailer_byte(struct chunk_decoder *d, char c)
{
	enum chunk_state next;

	if (d->state == CHUNK_TRAILER_LF)
		next = c == '\n' ? CHUNK_TRAILER_START : CHUNK_REFUSED;
	else if (d->state != CHUNK_TRAILER_VALUE)
		next = trailer_name_byte(d, c);
	else if (c == '\r')
		next = CHUNK_TRAILER_LF;
	else
		next = http_is_value_char(c) ? d->state : CHUNK_REFUSED;
	if (next != CHUNK_END_LF && ++d->trailer > CHUNK_TRAILER_MAX)
		return CHUNK_REFUSED;
	return next;
}

/* The state behind a byte that is not of the body itself. */
static enum chunk_state
next_state(struct chunk_decoder *d, char c)
{
	switch (d->state) {
	case CHUNK_SIZE_LF:
		if (c != '\n')
			return CHUNK_REFUSED;
		return d->left > 0 ? CHUNK_BYTES : CHUNK_TRAILER_START;
	case CHUNK_BYTES_CR:
		return c == '\r' ? CHUNK_BYTES_LF : CHUNK_REFUSED;
	case CHUNK_BYTES_LF:
		return c == '\n' ? CHUNK_SIZE_START : CHUNK_REFUSED;
	case CHUNK_TRAILER_START:
	case CHUNK_TRAILER_NAME:
	case CHUNK_TRAILER_VALUE:
	case CHUNK_TRAILER_LF:
		return trailer_byte(d, c);
	case CHUNK_END_LF:
		return c == '\n' ? CHUNK_DONE : CHUNK_REFUSED;
	default:
		return line_byte(d, c);
	}
}

enum chunk_result
chunk_decode(struct chunk_decoder *d, const char *p, size_t n, size_t *used,
    const char **data, size_t *data_n)
{
	size_t i = 0;

	while (i < n && d->state < CHUNK_DONE) {
		if (d->state == CHUNK_BYTES) {
			*data = p + i;
			*data_n = n - i < d->left ? n - i : (size_t)d->left;
			d->left -= *data_n;
			if (d->left == 0)
				d->state = CHUNK_BYTES_CR;
			*used = i + *data_n;
			return CHUNK_DATA;
		}
		d->state = next_state(d, p[i++]);
	}
	*used = i;
	if (d->state == CHUNK_REFUSED)
		return CHUNK_BAD;
	return d->state == CHUNK_DONE ? CHUNK_END : CHUNK_MORE;
}
