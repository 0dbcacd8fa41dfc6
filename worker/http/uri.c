/*
 * Cleans a raw path in one pass: decode, drop "." and "..", collapse slashes.
 */
#include "worker/http/uri.h"

#include <string.h>

/* The path as far as it is clean: "/" and whole segments with their slashes,
 * then the segment at hand from seg on. */
struct cleaner {
	char *out;
	size_t n;
	size_t seg;
};

/* An encoded byte at p, of which n are left: its value, or minus the status. */
static int
decode(const char *p, size_t n)
{
	int high, low;

	if (n < 3)
		return -400;
	high = ascii_hex(p[1]);
	low = ascii_hex(p[2]);
	if (high < 0 || low < 0)
		return -400;
	high = high << 4 | low;
	if (high < ' ' || high == 0x7f)
		return -400;
	/* It would be a separator to the file system and was none to the
	 * client: no such file. */
	if (high == '/')
		return -404;
	return high;
}

/* A raw byte that may stand in a segment as it is. */
static bool
is_raw(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '-' && c <= '9' && c != '/'))
		return true;
	return c > ' ' && c < 0x7f && c != '#' && c != '\\' && c != '/' &&
	    c != '%';
}

/* Drops the segment at hand when it is "." or "..", and with ".." the one
 * before it. 400 when there is none. */
static int
drop_dots(struct cleaner *c)
{
	size_t n = c->n - c->seg;

	if (n == 0 || n > 2 || memcmp(c->out + c->seg, "..", n) != 0)
		return 0;
	if (n == 2) {
		if (c->seg == 1)
			return 400;
		do
			c->seg--;
		while (c->out[c->seg - 1] != '/');
	}
	c->n = c->seg;
	return 0;
}

/* At a slash. Empty segments leave nothing. */
static int
end_segment(struct cleaner *c)
{
	int status = drop_dots(c);

	if (c->n > c->seg)
		c->out[c->n++] = '/';
	c->seg = c->n;
	return status;
}

int
uri_path(struct str raw, char *out, size_t *n)
{
	struct cleaner c = { out, 1, 1 };
	int byte, status = 0;

	if (raw.n == 0 || raw.p[0] != '/')
		return 400;
	out[0] = '/';
	for (size_t i = 1; i < raw.n && status == 0; i++) {
		if (is_raw(raw.p[i])) {
			c.out[c.n++] = raw.p[i];
		} else if (raw.p[i] == '/') {
			status = end_segment(&c);
		} else if (raw.p[i] == '%') {
			byte = decode(raw.p + i, raw.n - i);
			if (byte < 0)
				return -byte;
			c.out[c.n++] = (char)byte;
			i += 2;
		} else {
			return 400;
		}
	}
	if (status == 0)
		status = drop_dots(&c);
	*n = c.n;
	return status;
}

bool
uri_has_dot_segment(struct str path)
{
	const struct str known = STR("/.well-known");
	const char *dot = path.p, *end = path.p + path.n;

	if (str_starts(path, known) &&
	    (path.n == known.n || path.p[known.n] == '/'))
		dot += known.n;
	for (; (dot = memchr(dot, '.', (size_t)(end - dot))) != NULL; dot++)
		if (dot > path.p && dot[-1] == '/')
			return true;
	return false;
}

/* The ':' of "a:b" would make a scheme of a relative link, '&' and the quote
 * would need a second encoding in HTML, ';' and ',' part header values. */
static bool
is_plain(char c)
{
	if (ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'))
		return true;
	return c != '\0' && strchr("-._~/!$()*+=@", c) != NULL;
}

size_t
uri_encode(struct str path, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (is_plain(path.p[i])) {
			out[n++] = path.p[i];
		} else {
			out[n++] = '%';
			out[n++] = digits[c >> 4];
			out[n++] = digits[c & 15];
		}
	}
	return n;
}
