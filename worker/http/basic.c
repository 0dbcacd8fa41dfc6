/* Basic credentials. */
#include "worker/http/basic.h"

#include <stdint.h>
#include <string.h>

/* The value of a base64 digit (RFC 4648 section 4), or -1. */
static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits to as many bytes as their padding says: 1 to 3, or 0 when they
 * are not well formed. Bits that count for nothing must be zero. */
static size_t
decode_group(const char *p, bool last, char *out)
{
	size_t n = 3;
	uint32_t bits = 0;
	int i, value;

	if (last && p[3] == '=')
		n = p[2] == '=' ? 1 : 2;
	for (i = 0; i < 4; i++) {
		value = i > (int)n ? 0 : digit(p[i]);
		if (value == -1)
			return 0;
		bits = bits << 6 | (uint32_t)value;
	}
	if ((bits & (0xffffffu >> 8 * n)) != 0)
		return 0;
	for (i = 0; i < (int)n; i++)
		out[i] = (char)(bits >> (16 - 8 * i));
	return n;
}

/* The length of what s says, or 0. */
static size_t
decode(struct str s, char *out, size_t room)
{
	size_t i, n = 0, got;

	if (s.n == 0 || s.n % 4 != 0 || s.n / 4 * 3 > room)
		return 0;
	for (i = 0; i < s.n; i += 4) {
		got = decode_group(s.p + i, i + 4 == s.n, out + n);
		if (got == 0)
			return 0;
		n += got;
	}
	return n;
}

static bool
has_controls(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			return true;
	return false;
}

bool
basic_parse(struct str value, struct basic *out)
{
	static const char scheme[] = "Basic ";
	size_t n = sizeof(scheme) - 1;
	char *colon;

	if (value.n < n || !str_eqcase((struct str){ value.p, n },
	    (struct str){ scheme, n }))
		return false;
	value = str_trim((struct str){ value.p + n, value.n - n });
	n = decode(value, out->text, BASIC_MAX);
	if (n == 0 || has_controls(out->text, n))
		return false;
	out->text[n] = '\0';
	colon = memchr(out->text, ':', n);
	if (colon == NULL)
		return false;
	*colon = '\0';
	out->user = out->text;
	out->password = colon + 1;
	return true;
}
