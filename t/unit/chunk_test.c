/*
 * The chunked coding, in any pieces; what is refused and at which byte.
 */
#include "worker/http/chunk.h"

#include "common/str.h"

#include "t/unit/edge.h"
#include "t/unit/tap.h"

static char body[EDGE_ROOM];
static size_t body_n;
/* The bytes that were taken until there was a verdict. */
static size_t taken;

static const char *
name(enum chunk_result r)
{
	static const char *const names[] = { "none", "more", "data", "end",
	    "bad" };

	return names[r];
}

/* Decodes in steps of so many bytes; what is no data is the verdict. */
static enum chunk_result
decode(const char *p, size_t n, size_t step)
{
	struct chunk_decoder d = { 0 };
	enum chunk_result r = CHUNK_MORE;
	const char *data;
	size_t used, data_n;

	body_n = taken = 0;
	while (taken < n && (r == CHUNK_MORE || r == CHUNK_DATA)) {
		size_t m = n - taken < step ? n - taken : step;
		const char *piece = edge_put(p + taken, m);

		r = chunk_decode(&d, piece, m, &used, &data, &data_n);
		taken += used;
		if (used > m || (r == CHUNK_MORE && used != m))
			return CHUNK_NONE;
		if (r != CHUNK_DATA)
			continue;
		if (data < piece || data_n == 0 ||
		    data + data_n != piece + used)
			return CHUNK_NONE;
		memcpy(body + body_n, data, data_n);
		body_n += data_n;
	}
	return r == CHUNK_DATA ? CHUNK_MORE : r;
}

/* The same verdict, body and end in steps of 1, 2, 3, 7 and in two pieces cut
 * anywhere? */
static bool
same_in_pieces(const char *p, size_t n)
{
	static const size_t steps[] = { 1, 2, 3, 7 };
	enum chunk_result whole = decode(p, n, n), r;
	size_t end = taken, length = body_n;

	for (size_t i = 0; i < 4; i++)
		if (decode(p, n, steps[i]) != whole || taken != end ||
		    body_n != length)
			return false;
	for (size_t cut = 1; cut < n; cut++) {
		struct chunk_decoder d = { 0 };
		const char *data;
		size_t used = 0, data_n, at = 0, to = cut;

		length = 0;
		do {
			r = chunk_decode(&d, edge_put(p + at, to - at), to - at,
			    &used, &data, &data_n);
			at += used;
			length += r == CHUNK_DATA ? data_n : 0;
			if (at == cut)
				to = n;
		} while (r == CHUNK_DATA || (r == CHUNK_MORE && at < n));
		if (r != whole || at != end || length != body_n)
			return false;
	}
	return true;
}

static void
test_good(void)
{
	static const struct {
		const char *text;
		const char *body;
	} good[] = {
		{ "0\r\n\r\n", "" },
		{ "5\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world" },
		{ "a\r\n0123456789\r\n0\r\n\r\n", "0123456789" },
		{ "A\r\n0123456789\r\n000\r\n\r\n", "0123456789" },
		{ "0000000000000000000000000005\r\nhello\r\n0\r\n\r\n",
		    "hello" },
		{ "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n" },
		{ "5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello" },
		{ "5;a=b;c;d=\"e\"\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5;a=\"b;c \\\" \\\\ \t\x80\"\r\nhello\r\n0\r\n\r\n",
		    "hello" },
		{ "5 ; a = b\t;\tc\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "5;a=\"b\" ;c\r\nhello\r\n0\r\n\r\n", "hello" },
		{ "1\r\na\r\n0\r\nX: y\r\n\r\n", "a" },
		{ "1\r\na\r\n0\r\nX:\r\nDigest: \xff a\tb \r\n\r\n", "a" },
		{ "0\r\nX-Content-Length: 5\r\nHosts: a\r\n\r\n", "" },
		{ "0\r\nA-Name-That-Is-Longer-Than-Any: a\r\n\r\n", "" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t n = strlen(good[i].text);
		enum chunk_result r = decode(good[i].text, n, n);

		ok(r == CHUNK_END && taken == n && str_eq((struct str){ body,
		    body_n }, str_from(good[i].body)), "chunks %zu: %s", i,
		    name(r));
		ok(same_in_pieces(good[i].text, n), "chunks %zu in pieces", i);
	}
}

/* Each is refused with its last byte, however it comes. */
static void
test_refused(void)
{
	static const struct str bad[] = {
#define BAD(text)	{ text, sizeof(text) - 1 }
		/* sizes */
		BAD("\r"), BAD("\n"), BAD(" "), BAD("-"), BAD("+"), BAD("g"),
		BAD(";"), BAD("0x"), BAD("5x"), BAD("5 \r"), BAD("5\t\r"),
		BAD("5 5"), BAD("5\n"), BAD("5\rX"), BAD("5\r\r"), BAD("5\0"),
		BAD("5,"), BAD("5="), BAD("5\x80"), BAD("1000000000000000"),
		BAD("0001000000000000000"), BAD("ffffffffffffffff"),
		/* extensions */
		BAD("5;\r"), BAD("5; \r"), BAD("5;;"), BAD("5;="), BAD("5;\n"),
		BAD("5;a["), BAD("5;a\n"), BAD("5;a\0"), BAD("5;a \r"),
		BAD("5;a b"), BAD("5;a=\r"), BAD("5;a= \r"),
		BAD("5;a=;"), BAD("5;a=b["), BAD("5;a=b c"), BAD("5;a=b \r"),
		BAD("5;a=b="), BAD("5;a=\"b\n"), BAD("5;a=\"b\r"),
		BAD("5;a=\"b\0"), BAD("5;a=\"b\x7f"), BAD("5;a=\"b\\\n"),
		BAD("5;a=\"b\\\r"), BAD("5;a=\"b\"c"), BAD("5;a=\"b\" \r"),
		BAD("5;a=\"b\"\n"), BAD("5;a=b\n"), BAD("5;a=\x80"),
		BAD("5;a\rX"),
		/* data */
		BAD("5\r\nhellox"), BAD("5\r\nhello\n"), BAD("5\r\nhello\rX"),
		BAD("5\r\nhello0"), BAD("5\r\nhello\r\n\r"),
		BAD("1\r\na\r\n "),
		/* trailers */
		BAD("0\r\nX\r"), BAD("0\r\nX "), BAD("0\r\n:"), BAD("0\r\n "),
		BAD("0\r\n\t"), BAD("0\r\n\n"), BAD("0\r\n\rX"),
		BAD("0\r\nX: a\n"), BAD("0\r\nX: a\rb"), BAD("0\r\nX: a\0"),
		BAD("0\r\nX: a\x1b"), BAD("0\r\nX: a\r\n "), BAD("0\r\nX("),
		BAD("0\r\nX\x80"), BAD("0\r\nX\n"), BAD("0\r\nX: a\r\r"),
		BAD("0\r\nContent-Length:"), BAD("0\r\ncontent-LENGTH:"),
		BAD("0\r\nTransfer-Encoding:"), BAD("0\r\nHost:"),
		BAD("0\r\nX: a\r\nAuthorization:"),
		BAD("0\r\nProxy-Authorization:"), BAD("0\r\nConnection:"),
		BAD("0\r\nTE:"), BAD("0\r\nTrailer:"), BAD("0\r\nUpgrade:"),
		BAD("0\r\nCookie:"), BAD("0\r\nX-Forwarded-For:"),
		BAD("0\r\nExpect:"), BAD("0\r\nKeep-Alive:"),
#undef BAD
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum chunk_result r = decode(bad[i].p, bad[i].n, bad[i].n);

		ok(r == CHUNK_BAD && taken == bad[i].n,
		    "bad chunks %zu: %s at %zu", i, name(r), taken);
		ok(same_in_pieces(bad[i].p, bad[i].n),
		    "bad chunks %zu in pieces", i);
	}
}

static void
test_sizes(void)
{
	struct chunk_decoder d = { 0 };
	const char *data, *p = "fffffffffffffff\r\nabc";
	size_t used, data_n;

	ok(chunk_decode(&d, p, 20, &used, &data, &data_n) == CHUNK_DATA &&
	    used == 20 && data_n == 3 && data == p + 17,
	    "a chunk of 2^60 - 1 bytes");
	ok(chunk_decode(&d, p, 20, &used, &data, &data_n) == CHUNK_DATA &&
	    used == 20 && data_n == 20, "goes on and on");
	ok(chunk_decode(&d, p, 0, &used, &data, &data_n) == CHUNK_MORE &&
	    used == 0, "nothing is no harm");

	memset(&d, 0, sizeof(d));
	p = "0\r\n\r\nGET / HTTP/1.1";
	ok(chunk_decode(&d, p, strlen(p), &used, &data, &data_n) == CHUNK_END
	    && used == 5, "what follows the end is left alone");
	ok(chunk_decode(&d, p, strlen(p), &used, &data, &data_n) == CHUNK_END
	    && used == 0, "the end stays the end");
	memset(&d, 0, sizeof(d));
	ok(chunk_decode(&d, "x0\r\n", 4, &used, &data, &data_n) == CHUNK_BAD &&
	    chunk_decode(&d, "0\r\n\r\n", 5, &used, &data, &data_n) ==
	    CHUNK_BAD && used == 0, "bad stays bad");
}

/* before, n times c, after. */
static enum chunk_result
decode_run(const char *before, char c, size_t n, const char *after)
{
	static char text[EDGE_ROOM];
	size_t start = strlen(before), end = strlen(after);

	memcpy(text, before, start);
	memset(text + start, c, n);
	memcpy(text + start + n, after, end);
	return decode(text, start + n + end, 1000);
}

static enum chunk_result
decode_repeated(const char *line, size_t times, const char *after)
{
	static char text[EDGE_ROOM];
	size_t n = 0;

	for (size_t i = 0; i < times; i++, n += strlen(line))
		memcpy(text + n, line, strlen(line));
	memcpy(text + n, after, strlen(after));
	return decode(text, n + strlen(after), 1000);
}

static void
test_limits(void)
{
	const char *end = "\r\n\r\n";
	char line[256];

	snprintf(line, sizeof(line), "1;%0127d\r\na\r\n", 0);
	ok(decode_repeated(line, CHUNK_EXTENSIONS_MAX / 128, "0\r\n\r\n") ==
	    CHUNK_END && body_n == 32, "extensions of 4096 bytes in all");
	ok(decode_repeated(line, CHUNK_EXTENSIONS_MAX / 128, "0;a\r\n\r\n")
	    == CHUNK_BAD && body_n == 32, "more than that");

	ok(decode_run("0;a=", 'b', 252, end) == CHUNK_END,
	    "a size line of 256 bytes");
	ok(decode_run("0;a=", 'b', 253, end) == CHUNK_BAD && taken == 257,
	    "one of 257");
	ok(decode_run("0;a=\"", 'b', 65536, "") == CHUNK_BAD && taken == 257,
	    "64 kB of extension are refused at once");
	ok(decode_run("", '0', 256, end) == CHUNK_END &&
	    decode_run("", '0', 257, end) == CHUNK_BAD, "zeros count as well");

	ok(decode_run("0\r\nX: ", 'v', 4091, end) == CHUNK_END,
	    "a trailer of 4096 bytes");
	ok(decode_run("0\r\nX: ", 'v', 4092, end) == CHUNK_BAD,
	    "one of 4097");
	ok(decode_run("0\r\n", 'n', 65536, "") == CHUNK_BAD &&
	    taken == 3 + 4097, "64 kB of trailer are refused at once");
}

static void
test_fields(void)
{
	static char text[1024];
	size_t n = 3;

	memcpy(text, "0\r\n", 3);
	for (int i = 0; i < 33; i++, n += 6)
		memcpy(text + n, "X: y\r\n", 6);
	memcpy(text + n, "\r\n", 2);
	ok(decode(text, n + 2, n + 2) == CHUNK_BAD && taken == n - 5,
	    "33 trailer fields");
	memcpy(text + n - 6, "\r\n", 2);
	ok(decode(text, n - 4, n - 4) == CHUNK_END && taken == n - 4,
	    "32 trailer fields");
}

static void
test_mutations(void)
{
	static const char *const from[] = {
		"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
		"5 ; a = \"b\\\"c\" ;d\r\nhi\t!\n\r\n0\r\nX: b\r\nY:z\r\n\r\n",
		"1\r\na\r\n1\r\nb\r\n00\r\n\r\n",
	};
	unsigned wrong = 0, fine = 0;
	uint32_t seed = 17;
	char text[128];

	for (unsigned i = 0; i < 20000; i++) {
		const char *s = from[edge_random(&seed) % 3];
		size_t n = edge_mutate(&seed, strcpy(text, s), strlen(s));
		enum chunk_result whole = decode(text, n, n), r;
		size_t end = taken, length = body_n;

		fine += whole == CHUNK_END;
		wrong += whole == CHUNK_NONE || length > n;
		r = decode(text, n, 1 + edge_random(&seed) % 9);
		wrong += r != whole || taken != end || body_n != length;
	}
	ok(wrong == 0, "20000 mutations: %u wrong", wrong);
	ok(fine > 1000 && fine < 19000, "%u of them fine", fine);
}

int
main(void)
{
	test_good();
	test_refused();
	test_sizes();
	test_limits();
	test_fields();
	test_mutations();
	return done_testing();
}
