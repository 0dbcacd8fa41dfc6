/*
 * clock: monotonic time for deadlines, wall time for what people read.
 *
 * Deadlines never look at the wall clock, so setting it harms nothing.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A point in monotonic time; zero is "never". A type, so that no wall time
 * can be mistaken for it. */
struct mono {
	int64_t us;
};

#define HTTP_DATE_LEN	29	/* Sun, 06 Nov 1994 08:49:37 GMT */
#define LOG_DATE_LEN	26	/* 10/Oct/2000:13:55:36 +0000 */
#define ISO_DATE_LEN	20	/* 2000-10-10T13:55:36Z */

/* Reads the clocks; once per turn of a loop. */
void		clock_update(void);
/* What clock_update read last. */
struct mono	clock_now(void);
time_t		clock_wall(void);
/* The wall time as an HTTP-date (RFC 9110 5.6.7), as the access log's time in
 * the local zone, and as RFC 3339 has it, in UTC; made once a second, not
 * NUL-terminated lengths as above (a NUL follows). Valid until the next
 * clock_update. */
const char     *clock_http_date(void);
const char     *clock_log_date(void);
const char     *clock_iso_date(void);

/* Reads the monotonic clock now. */
struct mono	mono_read(void);
struct mono	mono_add_ms(struct mono t, int64_t ms);
struct mono	mono_add_us(struct mono t, int64_t us);
bool		mono_before(struct mono a, struct mono b);
/* From a to b in microseconds. */
int64_t		mono_us(struct mono a, struct mono b);
bool		mono_is_set(struct mono t);
/* The time that this process has had a processor for, in microseconds. */
int64_t		clock_cpu_us(void);

#endif
