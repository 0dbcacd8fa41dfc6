/*
 * date: HTTP-date (RFC 9110 section 5.6.7). Pure.
 */
#ifndef WORKER_HTTP_DATE_H
#define WORKER_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/str.h"

/* Writes the 29 bytes of an IMF-fixdate, no NUL. False (nothing written) for
 * years before 1 or past 9999. */
bool	date_format(time_t t, char out[29]);
/* Reads any of the three formats; now settles the century of a two-digit
 * year, which is never more than 50 years ahead. The name of the day need not
 * fit the date; a leap second (60) counts as the second behind it. False when
 * s is no HTTP-date. */
bool	date_parse(struct str s, time_t now, time_t *out);

#endif
