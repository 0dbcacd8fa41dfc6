/*
 * HTML with any bytes in it.
 */
#include "worker/serve/html.h"

#include <string.h>

#include "worker/http/uri.h"

#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

static void
put(struct html *h, const void *p, size_t n)
{
	if (buf_put(&h->out, p, n) == -1)
		h->failed = true;
}

void
html_put(struct html *h, const char *markup)
{
	put(h, markup, strlen(markup));
}

void
html_printf(struct html *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (buf_vprintf(&h->out, fmt, ap) == -1)
		h->failed = true;
	va_end(ap);
}

/* The length that a first byte announces; 0 when none begins with it. */
static size_t
sequence_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* The character at p, of n bytes left: its length and *c, or 0 when it is not
 * UTF-8 (RFC 3629: neither longer than need be, nor a surrogate, nor past
 * U+10FFFF). */
static size_t
decode(const char *p, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = sequence_length((unsigned char)p[0]);

	if (len == 0 || len > n)
		return 0;
	*c = (unsigned char)p[0] & (len == 1 ? 0x7fu : 0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | ((unsigned char)p[i] & 0x3f);
	}
	if (*c < least[len] || (*c >= 0xd800 && *c <= 0xdfff) || *c > 0x10ffff)
		return 0;
	return len;
}

/* May a page show it? A name must not hide what it is, nor change how the text
 * around it reads. */
static bool
is_harmless(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0, 0x1f },		/* C0 */
		{ 0x7f, 0x9f },		/* DEL and C1 */
		{ 0x2028, 0x202e },	/* line separators; embeddings and
					 * overrides of direction */
		{ 0x2066, 0x2069 },	/* isolates */
		{ 0xfdd0, 0xfdef },	/* noncharacters, as is what ends in
					 * FFFE or FFFF */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (c >= bad[i].first && c <= bad[i].last)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
html_text(struct html *h, struct str text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		uint32_t c;
		size_t n = decode(p, (size_t)(end - p), &c);

		if (n == 0 || !is_harmless(c))
			html_put(h, REPLACEMENT);
		else if (entity(*p) != NULL)
			html_put(h, entity(*p));
		else
			put(h, p, n);
		p += n == 0 ? 1 : n;
	}
}

void
html_href(struct html *h, struct str path)
{
	if (buf_reserve(&h->out, 3 * path.n) == -1) {
		h->failed = true;
		return;
	}
	buf_added(&h->out, uri_encode(path, buf_tail(&h->out)));
}
