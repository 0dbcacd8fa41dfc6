/*
 * The clocks, read once per turn of a loop, and the texts made from them.
 */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>

static struct {
	struct mono now;
	time_t wall;
	time_t formatted;	/* the second the texts below stand for */
	char http[HTTP_DATE_LEN + 1];
	char log[LOG_DATE_LEN + 1];
	char iso[ISO_DATE_LEN + 1];
} clock_state = { .formatted = -1 };

struct mono
mono_read(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct mono){ (int64_t)ts.tv_sec * 1000000 +
	    ts.tv_nsec / 1000 };
}

int64_t
clock_cpu_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
clock_update(void)
{
	struct timespec ts;

	clock_state.now = mono_read();
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	clock_state.wall = ts.tv_sec;
}

struct mono
clock_now(void)
{
	if (!mono_is_set(clock_state.now))
		clock_update();
	return clock_state.now;
}

time_t
clock_wall(void)
{
	(void)clock_now();
	return clock_state.wall;
}

/* The names are the protocol's, whatever the locale. */
static void
format(void)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;
	long zone;

	if (clock_wall() == clock_state.formatted)
		return;
	clock_state.formatted = clock_state.wall;
	(void)gmtime_r(&clock_state.wall, &tm);
	(void)snprintf(clock_state.http, sizeof(clock_state.http),
	    "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * tm.tm_wday,
	    (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	(void)snprintf(clock_state.iso, sizeof(clock_state.iso),
	    "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(tm.tm_year + 1900) %
	    10000, (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
	    (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
	    (unsigned)tm.tm_sec % 100);
	(void)localtime_r(&clock_state.wall, &tm);
	zone = tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff;
	(void)snprintf(clock_state.log, sizeof(clock_state.log),
	    "%02u/%.3s/%04u:%02u:%02u:%02u %c%02u%02u",
	    (unsigned)tm.tm_mday % 100, months + 3 * tm.tm_mon,
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
	    tm.tm_gmtoff < 0 ? '-' : '+', (unsigned)(zone / 3600) % 100,
	    (unsigned)(zone / 60 % 60));
}

const char *
clock_http_date(void)
{
	format();
	return clock_state.http;
}

const char *
clock_log_date(void)
{
	format();
	return clock_state.log;
}

const char *
clock_iso_date(void)
{
	format();
	return clock_state.iso;
}

struct mono
mono_add_ms(struct mono t, int64_t ms)
{
	return mono_add_us(t, ms * 1000);
}

struct mono
mono_add_us(struct mono t, int64_t us)
{
	return (struct mono){ t.us + us };
}

bool
mono_before(struct mono a, struct mono b)
{
	return a.us < b.us;
}

int64_t
mono_us(struct mono a, struct mono b)
{
	return b.us - a.us;
}

bool
mono_is_set(struct mono t)
{
	return t.us != 0;
}
