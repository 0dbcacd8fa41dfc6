/*
 * A bitmap of descriptors that grows, in the shape the kernel's select() reads.
 */
#include "common/fdset.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BITS	(sizeof(unsigned long) * CHAR_BIT)

static size_t
words_for(int nfds)
{
	return ((size_t)nfds + WORD_BITS - 1) / WORD_BITS;
}

int
fdset_grow(struct fdset *s, int nfds)
{
	size_t need = words_for(nfds), n = s->nwords < 16 ? 16 : s->nwords;
	unsigned long *words;

	if (need <= s->nwords)
		return 0;
	while (n < need)
		n *= 2;
	words = realloc(s->words, n * sizeof(*words));
	if (words == NULL)
		return -1;
	memset(words + s->nwords, 0, (n - s->nwords) * sizeof(*words));
	s->words = words;
	s->nwords = n;
	return 0;
}

void
fdset_free(struct fdset *s)
{
	free(s->words);
	*s = (struct fdset){ 0 };
}

static unsigned long *
word_of(const struct fdset *s, int fd)
{
	assert(fd >= 0 && (size_t)fd / WORD_BITS < s->nwords);
	return &s->words[(size_t)fd / WORD_BITS];
}

static unsigned long
bit_of(int fd)
{
	return 1ul << ((size_t)fd % WORD_BITS);
}

void
fdset_add(struct fdset *s, int fd)
{
	*word_of(s, fd) |= bit_of(fd);
}

void
fdset_del(struct fdset *s, int fd)
{
	*word_of(s, fd) &= ~bit_of(fd);
}

bool
fdset_has(const struct fdset *s, int fd)
{
	return (*word_of(s, fd) & bit_of(fd)) != 0;
}

/* The kernel reads and writes whole words, and so do these: what is left of
 * the last one past nfds is not selected on and does no harm. */
void
fdset_union(struct fdset *dst, const struct fdset *a, const struct fdset *b,
    int nfds)
{
	size_t n = words_for(nfds);

	assert(n <= dst->nwords && n <= a->nwords && n <= b->nwords);
	for (size_t i = 0; i < n; i++)
		dst->words[i] = a->words[i] | b->words[i];
}

void
fdset_intersect(struct fdset *dst, const struct fdset *a,
    const struct fdset *b, int nfds)
{
	size_t n = words_for(nfds);

	assert(n <= dst->nwords && n <= a->nwords && n <= b->nwords);
	for (size_t i = 0; i < n; i++)
		dst->words[i] = a->words[i] & b->words[i];
}

bool
fdset_within(const struct fdset *a, const struct fdset *b, int nfds)
{
	size_t n = words_for(nfds);

	assert(n <= a->nwords && n <= b->nwords);
	for (size_t i = 0; i < n; i++)
		if ((a->words[i] & ~b->words[i]) != 0)
			return false;
	return true;
}

void
fdset_clear(struct fdset *s)
{
	if (s->nwords > 0)
		memset(s->words, 0, s->nwords * sizeof(*s->words));
}

int
fdset_end(const struct fdset *s)
{
	for (size_t i = s->nwords; i > 0; i--)
		if (s->words[i - 1] != 0)
			return (int)(i * WORD_BITS) -
			    __builtin_clzl(s->words[i - 1]);
	return 0;
}

int
fdset_next(const struct fdset *s, int from, int nfds)
{
	while (from < nfds) {
		unsigned long word = *word_of(s, from) >>
		    ((size_t)from % WORD_BITS);

		if (word != 0) {
			from += __builtin_ctzl(word);
			return from < nfds ? from : -1;
		}
		from = (int)(((size_t)from / WORD_BITS + 1) * WORD_BITS);
	}
	return -1;
}

fd_set *
fdset_raw(const struct fdset *s)
{
	return (fd_set *)s->words;
}
