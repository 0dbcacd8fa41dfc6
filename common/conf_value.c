/*
 * Values as people write them: numbers, sizes, times, switches, choices.
 */
#include "common/conf_schema.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"

struct unit {
	struct str name;
	uint64_t times;
};

/* What can be said in a large unit is. */
static const struct unit sizes[] = {
	{ STR("t"), (uint64_t)1 << 40 },
	{ STR("g"), (uint64_t)1 << 30 },
	{ STR("m"), (uint64_t)1 << 20 },
	{ STR("k"), (uint64_t)1 << 10 },
	{ STR(""), 1 },
};

static const struct unit times[] = {
	{ STR("y"), 31536000000 },	/* 365 days */
	{ STR("d"), 86400000 },
	{ STR("h"), 3600000 },
	{ STR("m"), 60000 },
	{ STR("s"), 1000 },
	{ STR("ms"), 1 },
};

/* The largest first; a zero is written with the unit at zero. */
struct units {
	const struct unit *unit;
	size_t n;
	size_t zero;
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static const struct units all_sizes = { sizes, COUNT(sizes),
    COUNT(sizes) - 1 };
static const struct units all_times = { times, COUNT(times),
    COUNT(times) - 2 };

static const struct units *
units(enum conf_type type)
{
	return type == CONF_SIZE ? &all_sizes : &all_times;
}

/* Digits and a unit behind them. */
static int
read_unit(const struct units *u, struct str text, uint64_t *out)
{
	const struct unit *unit = u->unit;
	struct str digits = { text.p, 0 }, name;
	size_t i;

	while (digits.n < text.n && ascii_digit(text.p[digits.n]))
		digits.n++;
	name = (struct str){ text.p + digits.n, text.n - digits.n };
	for (i = 0; i < u->n; i++)
		if (str_eq(unit[i].name, name))
			break;
	if (i == u->n ||
	    str_u64(digits, UINT64_MAX / unit[i].times, out) == -1)
		return -1;
	*out *= unit[i].times;
	return 0;
}

static int
read_choice(const char *const *choices, struct str text, uint64_t *out)
{
	uint64_t i;

	for (i = 0; choices[i] != NULL; i++) {
		if (str_eq(str_from(choices[i]), text)) {
			*out = i + 1;
			return 0;
		}
	}
	return -1;
}

int
conf_value_read(const struct conf_arg *arg, struct str text, uint64_t *out)
{
	*out = 0;
	switch (arg->type) {
	case CONF_NUMBER:
		if (arg->choices != NULL &&
		    str_eq(str_from(arg->choices[0]), text))
			return 0;
		return str_u64(text, UINT64_MAX, out);
	case CONF_SIZE:
	case CONF_TIME:
		return read_unit(units(arg->type), text, out);
	case CONF_SECONDS:
		if (read_unit(&all_times, text, out) == -1 || *out % 1000 != 0)
			return -1;
		*out /= 1000;
		return 0;
	case CONF_SWITCH:
		*out = str_eq(text, STR("on"));
		return *out == 1 || str_eq(text, STR("off")) ? 0 : -1;
	case CONF_CHOICE:
		return read_choice(arg->choices, text, out);
	case CONF_ANY:
	case CONF_PATH:
		break;
	}
	return 0;
}

static void
write_unit(const struct units *u, uint64_t value, struct buf *out)
{
	const struct unit *unit = u->unit;
	size_t i = 0;

	if (value == 0)
		i = u->zero;
	else
		while (value % unit[i].times != 0)
			i++;
	(void)buf_put_u64(out, value / unit[i].times);
	(void)buf_put_str(out, unit[i].name);
}

void
conf_value_write(const struct conf_arg *arg, uint64_t value, struct buf *out)
{
	switch (arg->type) {
	case CONF_NUMBER:
		(void)buf_put_u64(out, value);
		break;
	case CONF_SIZE:
	case CONF_TIME:
		write_unit(units(arg->type), value, out);
		break;
	case CONF_SECONDS:
		write_unit(&all_times, value * 1000, out);
		break;
	case CONF_SWITCH:
		(void)buf_puts(out, value != 0 ? "on" : "off");
		break;
	case CONF_CHOICE:
		(void)buf_puts(out, value == 0 ? "" : arg->choices[value - 1]);
		break;
	case CONF_ANY:
	case CONF_PATH:
		break;
	}
}

const char *
conf_value_name(enum conf_type type)
{
	static const char *const names[] = {
		[CONF_ANY] = "a word",
		[CONF_NUMBER] = "a number",
		[CONF_SIZE] = "a size",
		[CONF_TIME] = "a time",
		[CONF_SECONDS] = "a time in whole seconds",
		[CONF_SWITCH] = "on or off",
		[CONF_CHOICE] = "one of the words that fit here",
		[CONF_PATH] = "a path",
	};

	return names[type];
}

const char *
conf_value_example(enum conf_type type)
{
	static const char *const examples[] = {
		[CONF_NUMBER] = "write digits alone, like 100",
		[CONF_SIZE] = "write a size like 512, 16k, 8m or 1g",
		[CONF_TIME] = "write a time like 500ms, 10s, 5m, 1h, 14d or 1y",
		[CONF_SECONDS] = "write a time like 10s, 5m, 1h, 14d or 1y",
		[CONF_SWITCH] = "write on or off",
		[CONF_PATH] = NULL,
	};

	return examples[type];
}

void
conf_value_store(const struct conf_arg *arg, void *base, uint64_t value)
{
	char *at = (char *)base + arg->off;
	uint32_t small = (uint32_t)value;
	bool on = value != 0;

	switch (arg->size) {
	case sizeof(on):
		memcpy(at, &on, sizeof(on));
		break;
	case sizeof(small):
		memcpy(at, &small, sizeof(small));
		break;
	case sizeof(value):
		memcpy(at, &value, sizeof(value));
		break;
	default:
		assert(!"a width no field has");
	}
}

uint64_t
conf_value_fetch(const struct conf_arg *arg, const void *base)
{
	const char *at = (const char *)base + arg->off;
	uint64_t value = 0;
	uint32_t small;
	bool on;

	switch (arg->size) {
	case sizeof(on):
		memcpy(&on, at, sizeof(on));
		return on;
	case sizeof(small):
		memcpy(&small, at, sizeof(small));
		return small;
	case sizeof(value):
		memcpy(&value, at, sizeof(value));
		return value;
	default:
		assert(!"a width no field has");
		return 0;
	}
}
