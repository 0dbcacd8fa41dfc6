/*
 * Slices of bytes, numbers in text, and the ASCII that protocols are made of.
 */
#include "common/str.h"

#include <string.h>

struct str
str_from(const char *cstring)
{
	return (struct str){ cstring, cstring == NULL ? 0 : strlen(cstring) };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_eqcase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool
str_ends(struct str s, struct str tail)
{
	if (s.n < tail.n)
		return false;
	return str_eq((struct str){ s.p + (s.n - tail.n), tail.n }, tail);
}

bool
str_starts(struct str s, struct str head)
{
	return s.n >= head.n && str_eq((struct str){ s.p, head.n }, head);
}

static bool
is_ows(char c)
{
	return c == ' ' || c == '\t';
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_ows(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_ows(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_next_element(struct str *list, struct str *element)
{
	while (list->n > 0) {
		const char *comma = memchr(list->p, ',', list->n);
		size_t n = comma == NULL ? list->n : (size_t)(comma - list->p);
		size_t used = comma == NULL ? n : n + 1;

		*element = str_trim((struct str){ list->p, n });
		list->p += used;
		list->n -= used;
		if (element->n > 0)
			return true;
	}
	return false;
}

int
str_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_digit(s.p[i]) ||
		    __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return -1;
	}
	if (v > max)
		return -1;
	*out = v;
	return 0;
}

int
str_hex(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		int digit = ascii_hex(s.p[i]);

		if (digit < 0 || v >> 60 != 0)
			return -1;
		v = v << 4 | (uint64_t)digit;
	}
	if (v > max)
		return -1;
	*out = v;
	return 0;
}

static size_t
digits_of(uint64_t v)
{
	uint64_t power = 10;
	size_t n = 1;

	for (; n < 20 && v >= power; power *= 10)
		n++;
	return n;
}

/* Several in each line of a log and each head: two digits at a time, from the
 * last on. */
size_t
str_put_u64(char *p, uint64_t v)
{
	static const char pairs[] =
	    "00010203040506070809101112131415161718192021222324"
	    "25262728293031323334353637383940414243444546474849"
	    "50515253545556575859606162636465666768697071727374"
	    "75767778798081828384858687888990919293949596979899";
	size_t n = digits_of(v), i = n;

	for (; i > 1; v /= 100) {
		i -= 2;
		memcpy(p + i, pairs + v % 100 * 2, 2);
	}
	if (i == 1)
		p[0] = (char)('0' + v);
	return n;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
