/*
 * Writes and reads HTTP-dates with arithmetic of its own: the C library's
 * knows locales, time zones and fewer years.
 */
#include "worker/http/date.h"

#include <stdint.h>
#include <string.h>

#define DAY		86400
#define YEAR_MIN	1
#define YEAR_MAX	9999
#define DATE_MIN	(-62135596800)	/* 0001-01-01 00:00:00 */
#define DATE_MAX	253402300799	/* 9999-12-31 23:59:59 */
/* Days from 0000-03-01 to 1970-01-01, and in 400 years. */
#define EPOCH		719468
#define ERA		146097
/* 50 years: further ahead a two-digit year is one of the past. */
#define AHEAD_MAX	((int64_t)50 * 36525 * DAY / 100)

struct civil {
	int64_t year;
	int month;			/* 1 .. 12 */
	int day;			/* 1 .. 31 */
	int hour;
	int minute;
	int second;			/* 60 is a leap second */
};

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const struct str long_days[] = {
	{ "Sunday", 6 }, { "Monday", 6 }, { "Tuesday", 7 },
	{ "Wednesday", 9 }, { "Thursday", 8 }, { "Friday", 6 },
	{ "Saturday", 8 },
};

/*
 * Years are counted from March, so that the leap day is the last of its year
 * and the months before it are 153 days for every five. None comes before the
 * year 1, so that nothing here is negative.
 */
static int64_t
days_of(const struct civil *c)
{
	int64_t year = c->month > 2 ? c->year : c->year - 1;
	int64_t era = year / 400;
	int64_t of_era = year - era * 400;
	int64_t month = (c->month + 9) % 12;
	int64_t of_year = (153 * month + 2) / 5 + c->day - 1;

	return era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	    EPOCH;
}

static int64_t
seconds_of(const struct civil *c)
{
	return days_of(c) * DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

/* The date of a day counted from 1970-01-01. */
static void
civil_of(int64_t day, struct civil *c)
{
	int64_t era, of_era, year, of_year, month;

	day += EPOCH;
	era = day / ERA;
	of_era = day - era * ERA;
	/* Less the leap days before it: one in 4, none in 100, one in 400. */
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA - 1)) /
	    365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	c->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	c->month = (int)(month < 10 ? month + 3 : month - 9);
	c->year = year + era * 400 + (c->month <= 2);
}

static void
put_digits(char *p, int64_t v, int n)
{
	while (n-- > 0) {
		p[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

bool
date_format(time_t t, char out[29])
{
	struct civil c;
	int64_t day, second;

	if (t < DATE_MIN || t > DATE_MAX)
		return false;
	second = (t % DAY + DAY) % DAY;
	day = (t - second) / DAY;
	civil_of(day, &c);
	memcpy(out, "Sun, 00 Jan 0000 00:00:00 GMT", 29);
	/* 1970-01-01 was a Thursday. */
	memcpy(out, days + 3 * (((day + 4) % 7 + 7) % 7), 3);
	put_digits(out + 5, c.day, 2);
	memcpy(out + 8, months + (ptrdiff_t)3 * (c.month - 1), 3);
	put_digits(out + 12, c.year, 4);
	put_digits(out + 17, second / 3600, 2);
	put_digits(out + 20, second / 60 % 60, 2);
	put_digits(out + 23, second % 60, 2);
	return true;
}

/* Which of the three-letter names in table stands at p: 0 is the first, -1
 * none of them. */
static int
name_index(const char *table, const char *p)
{
	for (int i = 0; table[3 * i] != '\0'; i++)
		if (memcmp(table + (ptrdiff_t)3 * i, p, 3) == 0)
			return i;
	return -1;
}

static bool
read_digits(const char *p, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++) {
		if (!ascii_digit(p[i]))
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return true;
}

static bool
read_month(const char *p, struct civil *c)
{
	c->month = name_index(months, p) + 1;
	return c->month > 0;
}

static bool
read_year(const char *p, struct civil *c)
{
	int year;

	if (!read_digits(p, 4, &year))
		return false;
	c->year = year;
	return true;
}

/* "08:49:37" */
static bool
read_time(const char *p, struct civil *c)
{
	return p[2] == ':' && p[5] == ':' && read_digits(p, 2, &c->hour) &&
	    read_digits(p + 3, 2, &c->minute) &&
	    read_digits(p + 6, 2, &c->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool
read_imf(struct str s, struct civil *c)
{
	const char *p = s.p;

	return s.n == 29 && name_index(days, p) >= 0 && p[3] == ',' &&
	    p[4] == ' ' && read_digits(p + 5, 2, &c->day) && p[7] == ' ' &&
	    read_month(p + 8, c) && p[11] == ' ' && read_year(p + 12, c) &&
	    p[16] == ' ' && read_time(p + 17, c) &&
	    memcmp(p + 25, " GMT", 4) == 0;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool
read_asctime(struct str s, struct civil *c)
{
	const char *p = s.p;

	return s.n == 24 && name_index(days, p) >= 0 && p[3] == ' ' &&
	    read_month(p + 4, c) && p[7] == ' ' &&
	    (p[8] == ' ' ? read_digits(p + 9, 1, &c->day) :
	    read_digits(p + 8, 2, &c->day)) && p[10] == ' ' &&
	    read_time(p + 11, c) && p[19] == ' ' && read_year(p + 20, c);
}

/* RFC 9110 5.6.7: a two-digit year that seems more than 50 years ahead is the
 * last one of the past with these digits. */
static void
settle_century(struct civil *c, int digits, int64_t now)
{
	struct civil today;

	if (now < DATE_MIN)
		now = DATE_MIN;
	if (now > DATE_MAX)
		now = DATE_MAX;
	civil_of(now / DAY, &today);
	c->year = today.year / 100 * 100 + 100 + digits;
	while (c->year > YEAR_MIN && seconds_of(c) - now > AHEAD_MAX)
		c->year -= 100;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool
read_rfc850(struct str s, time_t now, struct civil *c)
{
	const char *p = NULL;
	int year;

	for (size_t i = 0; i < sizeof(long_days) / sizeof(long_days[0]); i++)
		if (str_starts(s, long_days[i]) && s.n == long_days[i].n + 24)
			p = s.p + long_days[i].n;
	if (p == NULL || p[0] != ',' || p[1] != ' ' ||
	    !read_digits(p + 2, 2, &c->day) || p[4] != '-' ||
	    !read_month(p + 5, c) || p[8] != '-' ||
	    !read_digits(p + 9, 2, &year) || p[11] != ' ' ||
	    !read_time(p + 12, c) || memcmp(p + 20, " GMT", 4) != 0)
		return false;
	settle_century(c, year, now);
	return true;
}

static int
days_in_month(const struct civil *c)
{
	static const char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool leap = c->year % 4 == 0 &&
	    (c->year % 100 != 0 || c->year % 400 == 0);

	return lengths[c->month - 1] + (c->month == 2 && leap);
}

bool
date_parse(struct str s, time_t now, time_t *out)
{
	struct civil c;

	if (!read_imf(s, &c) && !read_asctime(s, &c) &&
	    !read_rfc850(s, now, &c))
		return false;
	if (c.year < YEAR_MIN || c.year > YEAR_MAX || c.day < 1 ||
	    c.day > days_in_month(&c) || c.hour > 23 || c.minute > 59 ||
	    c.second > 60)
		return false;
	*out = (time_t)seconds_of(&c);
	return true;
}
