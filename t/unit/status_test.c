/*
 * Status lines and their phrases.
 */
#include "worker/http/status.h"

#include "t/unit/tap.h"

int
main(void)
{
	static const int sent[] = { 100, 200, 204, 206, 301, 302, 304, 307,
	    308, 400, 401, 403, 404, 405, 408, 412, 413, 414, 416, 417, 421,
	    429, 431, 500, 501, 502, 503, 504, 505 };
	unsigned lines = 0, wrong = 0;
	char text[32];

	ok(str_eq(status_reason(404), STR("Not Found")), "the phrase of 404");
	ok(str_eq(status_line(404), STR("HTTP/1.1 404 Not Found\r\n")),
	    "the line of 404");
	ok(str_eq(status_reason(431), STR("Request Header Fields Too Large")),
	    "the phrase of 431");
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		wrong += status_line(sent[i]).n == 0;
	ok(wrong == 0, "every status that pyked sends has a line");
	for (int code = -1000; code <= 1000; code++) {
		struct str line = status_line(code), why = status_reason(code);

		if (line.n == 0) {
			wrong += !str_eq(why, STR("Unknown"));
			continue;
		}
		lines++;
		snprintf(text, sizeof(text), "HTTP/1.1 %d ", code);
		wrong += !str_starts(line, str_from(text)) ||
		    !str_ends(line, STR("\r\n")) || why.n == 0 ||
		    line.n != 13 + why.n + 2 ||
		    memcmp(line.p + 13, why.p, why.n) != 0;
	}
	ok(wrong == 0, "each line holds its code and its phrase");
	ok(lines == 60, "%u registered codes", lines);
	ok(status_line(99).n == 0 && status_line(512).n == 0 &&
	    status_line(299).n == 0, "no line of an unregistered code");
	return done_testing();
}
