/* log and clock: lines nobody can forge, dates people know. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "t/unit/tap.h"

static char seen[2 * LOG_LINE_MAX];
static size_t seen_n;

static void
keep(const char *line, size_t n)
{
	memcpy(seen, line, n);
	seen[n] = '\0';
	seen_n = n;
}

static void
test_log(void)
{
	char big[9000];

	log_set_sink(keep);
	log_set_role("worker 3");
	log_error("a\nb\x1b[1m \"q\" \\ %s", "\xc3\xa9");
	ok(strstr(seen, " error worker 3: a\\x0ab\\x1b[1m \"q\" \\ "
	    "\\xc3\\xa9\n") != NULL, "control bytes and the like: %s", seen);
	ok(seen[4] == '-' && seen[10] == 'T' && seen[23] == 'Z', "the time");
	seen[0] = '\0';
	log_debug("not at info");
	ok(seen[0] == '\0', "below the level");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now");
	ok(strstr(seen, "debug worker 3: now\n") != NULL, "at the level");
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_warn("%s", big);
	ok(seen_n <= LOG_LINE_MAX && seen[seen_n - 1] == '\n',
	    "a long line is cut, and still a line");
	log_set_sink(NULL);
}

/* Text is looked at several bytes at a time: none may hide behind another. */
static bool
one_is_right(int byte, size_t at)
{
	bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
	char text[21] = "!!!!!!!!!!!!!!!!!!!!", want[32], out[64];
	int n;

	text[at] = (char)byte;
	n = snprintf(want, sizeof(want), plain ? "%.*s%c%s" : "%.*s\\x%02x%s",
	    (int)at, text, byte, text + at + 1);
	return log_escape(out, sizeof(out), text, 20) == (size_t)n &&
	    memcmp(out, want, (size_t)n) == 0;
}

static bool
each_byte_is_right(void)
{
	bool good = true;

	for (int byte = 0; byte < 256; byte++)
		for (size_t at = 0; at < 20; at++)
			good &= one_is_right(byte, at);
	return good;
}

static bool
cuts_are_right(void)
{
	char out[16];
	bool good = true;

	for (size_t room = 0; room <= sizeof(out); room++) {
		memset(out, '-', sizeof(out));
		good &= log_escape(out, room, "abcdefghijklmnopqrst", 20) ==
		    room && memcmp(out, "abcdefghijklmnop", room) == 0 &&
		    (room == sizeof(out) || out[room] == '-');
	}
	return good;
}

static void
test_escape(void)
{
	char out[16];

	ok(log_escape(out, sizeof(out), "a\"\\", 3) == 9 &&
	    memcmp(out, "a\\x22\\x5c", 9) == 0, "quote and backslash");
	ok(log_escape(out, 6, "\n\n", 2) == 4, "never half an escape");
	ok(log_escape(out, 0, "a", 1) == 0, "no room");
	ok(log_escape_json(out, 12, "a\"\xff", 3) == 7 &&
	    memcmp(out, "a\\u0022", 7) == 0, "in JSON, as far as it fits");
	ok(log_escape(out, 16, "\x7f\x80", 2) == 8 &&
	    memcmp(out, "\\x7f\\x80", 8) == 0, "DEL and above");
	ok(each_byte_is_right(), "each byte, at each place among others");
	ok(cuts_are_right(), "as much as fits");
}

static void
test_clock(void)
{
	struct mono a = mono_read(), b = mono_add_ms(a, 1500);

	ok(mono_us(a, b) == 1500000 && mono_before(a, b), "arithmetic");
	ok(!mono_is_set((struct mono){ 0 }) && mono_is_set(a), "never");
	clock_update();
	ok(strlen(clock_http_date()) == HTTP_DATE_LEN &&
	    strcmp(clock_http_date() + 25, " GMT") == 0, "%s",
	    clock_http_date());
	ok(strlen(clock_log_date()) == LOG_DATE_LEN &&
	    clock_log_date()[11] == ':', "%s", clock_log_date());
}

int
main(void)
{
	test_log();
	test_escape();
	test_clock();
	return done_testing();
}
