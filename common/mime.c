/*
 * Media types by extension: a hash table of ready Content-Type values.
 */
#include "common/mime.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"

#define SLOTS_FIRST	512	/* a power of two, as all sizes */

/* cppcheck-suppress internalAstError ; the file is made by the Makefile */
static const char builtin[] =
#include "mime_types.inc"
;

static const char unknown[] = "application/octet-stream";

struct slot {
	const char *extension;	/* lower case, in the arena; NULL = free */
	size_t n;
	const char *type;	/* with its charset */
};

struct mime_table {
	struct slot *slots;	/* owned; nslots, never more than half full */
	size_t nslots;
	size_t used;
	const char *last;	/* made last: a line repeats its type */
	size_t last_n;		/* how much of it is the type as it was given */
	struct arena arena;	/* owned */
};

/* FNV-1a, over lower-case letters. */
static size_t
hash(struct str s)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)ascii_lower(s.p[i])) * 16777619u;
	return h;
}

/* The slot of an extension, or the free one where it belongs. */
static struct slot *
find(const struct mime_table *t, struct str extension)
{
	size_t i = hash(extension) & (t->nslots - 1);
	struct slot *slot;

	for (;; i = (i + 1) & (t->nslots - 1)) {
		slot = &t->slots[i];
		if (slot->extension == NULL || str_eqcase(extension,
		    (struct str){ slot->extension, slot->n }))
			return slot;
	}
}

static int
grow(struct mime_table *t)
{
	struct mime_table bigger = *t;
	size_t i;

	bigger.nslots = t->nslots == 0 ? SLOTS_FIRST : 2 * t->nslots;
	bigger.slots = calloc(bigger.nslots, sizeof(*bigger.slots));
	if (bigger.slots == NULL)
		return -1;
	for (i = 0; i < t->nslots; i++)
		if (t->slots[i].extension != NULL)
			*find(&bigger, (struct str){ t->slots[i].extension,
			    t->slots[i].n }) = t->slots[i];
	free(t->slots);
	*t = bigger;
	return 0;
}

/* Is this type text that a browser may need to be told the charset of? */
static bool
is_text(struct str type)
{
	static const struct str others[] = { STR("application/javascript"),
	    STR("application/xml"), STR("application/xhtml+xml"),
	    STR("image/svg+xml") };
	size_t i;

	if (type.n > 0 && memchr(type.p, ';', type.n) != NULL)
		return false;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (str_eqcase(type, others[i]))
			return true;
	return type.n > 5 && str_eqcase((struct str){ type.p, 5 },
	    STR("text/"));
}

/* The Content-Type for a type, in the arena. */
static const char *
make_type(struct mime_table *t, struct str type)
{
	if (t->last != NULL && str_eq(type, (struct str){ t->last, t->last_n }))
		return t->last;
	t->last = arena_printf(&t->arena, "%.*s%s", (int)type.n, type.p,
	    is_text(type) ? "; charset=utf-8" : "");
	t->last_n = type.n;
	return t->last;
}

int
mime_add(struct mime_table *t, struct str type, struct str extension)
{
	struct slot *slot;
	const char *made;
	char *name;
	size_t i;

	if (2 * (t->used + 1) > t->nslots && grow(t) == -1)
		return -1;
	made = make_type(t, type);
	name = arena_strdup(&t->arena, extension);
	if (made == NULL || name == NULL)
		return -1;
	for (i = 0; i < extension.n; i++)
		name[i] = ascii_lower(name[i]);
	slot = find(t, extension);
	t->used += slot->extension == NULL;
	*slot = (struct slot){ .extension = name, .n = extension.n,
	    .type = made };
	return 0;
}

/* Takes the next word of a line. */
static bool
next_word(struct str *line, struct str *word)
{
	*line = str_trim(*line);
	*word = (struct str){ line->p, 0 };
	while (word->n < line->n && line->p[word->n] != ' ' &&
	    line->p[word->n] != '\t')
		word->n++;
	*line = (struct str){ line->p + word->n, line->n - word->n };
	return word->n > 0;
}

static int
add_line(struct mime_table *t, struct str line)
{
	struct str type, extension;

	if (!next_word(&line, &type) || type.p[0] == '#')
		return 0;
	while (next_word(&line, &extension))
		if (mime_add(t, type, extension) == -1)
			return -1;
	return 0;
}

struct mime_table *
mime_new(void)
{
	struct mime_table *t = calloc(1, sizeof(*t));
	const char *p = builtin;

	if (t == NULL || grow(t) == -1) {
		free(t);
		return NULL;
	}
	while (*p != '\0') {
		size_t n = strcspn(p, "\n");

		if (add_line(t, (struct str){ p, n }) == -1) {
			mime_free(t);
			return NULL;
		}
		p += n + (p[n] == '\n');
	}
	return t;
}

const char *
mime_type(const struct mime_table *t, struct str file_name)
{
	const char *dot = file_name.n == 0 ? NULL :
	    memrchr(file_name.p, '.', file_name.n);
	const struct slot *slot;
	struct str extension;

	if (dot == NULL)
		return unknown;
	extension = (struct str){ dot + 1,
	    file_name.n - (size_t)(dot + 1 - file_name.p) };
	slot = find(t, extension);
	return slot->extension == NULL ? unknown : slot->type;
}

void
mime_free(struct mime_table *t)
{
	if (t == NULL)
		return;
	free(t->slots);
	arena_free(&t->arena);
	free(t);
}
