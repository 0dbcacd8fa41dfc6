/*
 * fuzz: paths. What comes out begins with one slash, has no segment that
 * climbs or is empty and no NUL, and means the same when it is written again.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/uri.h"

static char out[FUZZ_MAX], again[FUZZ_MAX], encoded[3 * FUZZ_MAX];

static void
check_segments(const char *p, size_t n)
{
	bool hidden = false;
	size_t start = 1;

	must(n > 0 && p[0] == '/' && memchr(p, '\0', n) == NULL);
	for (size_t i = 1; i <= n; i++) {
		if (i < n && p[i] != '/')
			continue;
		struct str s = { p + start, i - start };

		must(s.n > 0 || i == n);
		must(!str_eq(s, STR(".")) && !str_eq(s, STR("..")));
		if (s.n > 0 && s.p[0] == '.' &&
		    (start > 1 || !str_eq(s, STR(".well-known"))))
			hidden = true;
		start = i + 1;
	}
	must(uri_has_dot_segment((struct str){ p, n }) == hidden);
}

static void
check_encoding(const char *p, size_t n)
{
	size_t len = uri_encode((struct str){ p, n }, encoded), back = 0;

	must(len >= n && len <= 3 * n);
	for (size_t i = 0; i < len; i++)
		must(encoded[i] > ' ' && encoded[i] < 0x7f &&
		    strchr("\"<>&'\\?#", encoded[i]) == NULL);
	must(uri_path((struct str){ encoded, len }, again, &back) == 0);
	must(back == n && memcmp(again, p, n) == 0);
}

void
fuzz(const char *p, size_t n)
{
	size_t len = 0;
	int status = uri_path((struct str){ edge_put(p, n), n }, out, &len);

	must(status == 0 || status == 400 || status == 404);
	if (status != 0)
		return;
	must(len <= n);
	for (size_t i = 0; i < len; i++)
		must((unsigned char)out[i] >= ' ' && out[i] != 0x7f);
	check_segments(out, len);
	check_encoding(out, len);
}
