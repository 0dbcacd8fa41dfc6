/*
 * The name that somebody probably meant.
 */
#include "common/conf.h"
#include "common/conf_schema.h"

#define WORD_MAX	40	/* nothing longer is near to any name */

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many letters must be changed, added, left out, or swapped with their
 * neighbour to come from a to b; both at most WORD_MAX long.
 */
static size_t
distance(struct str a, struct str b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= b.n; j++)
		last[j] = before[j] = j;
	for (i = 1; i <= a.n; i++) {
		row[0] = i;
		for (j = 1; j <= b.n; j++) {
			row[j] = min(min(last[j], row[j - 1]) + 1, last[j - 1] +
			    (ascii_lower(a.p[i - 1]) !=
			    ascii_lower(b.p[j - 1])));
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				row[j] = min(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b.n];
}

struct conf_nearest
conf_nearest_start(struct str word)
{
	return (struct conf_nearest){ .word = word, .distance = (size_t)-1 };
}

static void
try_as(struct conf_nearest *n, struct str word, struct str name, size_t most)
{
	size_t d;

	if (word.n == 0 || word.n > WORD_MAX || name.n > WORD_MAX)
		return;
	d = distance(word, name);
	if (d > most || d >= n->distance)
		return;
	n->distance = d;
	n->best = name;
}

/* The whole word may be a third wrong; a part of it ("servr" of "servr_name",
 * as other servers call it) by one letter. */
void
conf_nearest_try(struct conf_nearest *n, struct str name)
{
	struct str part = { n->word.p, 0 };
	size_t i, third = n->word.n / 3;

	try_as(n, n->word, name, third > 0 ? third : 1);
	for (i = 0; i < n->word.n; i++) {
		part.n++;
		if (i + 1 < n->word.n && n->word.p[i + 1] != '_' &&
		    n->word.p[i + 1] != '-')
			continue;
		if (part.n >= 4 && part.n < n->word.n)
			try_as(n, part, name, 1);
		part = (struct str){ n->word.p + i + 1, 0 };
		i++;	/* the separator: part begins behind it */
		part.p += i < n->word.n;
	}
}

void
conf_nearest_directive(struct conf_nearest *n, unsigned where)
{
	size_t i;

	for (i = 0; i < conf_schema_count(); i++)
		if ((conf_schema_at(i)->where & where) != 0)
			conf_nearest_try(n, str_from(conf_schema_at(i)->name));
}

const char *
conf_nearest(const char *word, const char *const *names, size_t n)
{
	struct conf_nearest near = conf_nearest_start(str_from(word));
	size_t i;

	for (i = 0; i < n; i++)
		conf_nearest_try(&near, str_from(names[i]));
	return near.best.p;
}
