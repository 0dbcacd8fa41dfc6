/*
 * fuzz: what the fuzz targets share.
 *
 * A target is one function, fuzz(), that takes any bytes and aborts when a
 * promise of the module is broken. It is built twice: with libFuzzer, which
 * looks for such bytes (make fuzz), and with plain.c, which runs the corpus
 * and a few thousand damaged copies of it as a test (make check-unit).
 */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/str.h"
#include "t/unit/edge.h"

#define FUZZ_MAX	32768	/* longer inputs are cut */

/* A promise. */
#define must(cond) fuzz_must((cond), __FILE__, __LINE__, #cond)

__attribute__((unused)) static void
fuzz_must(bool good, const char *file, int line, const char *cond)
{
	if (good)
		return;
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, cond);
	abort();
}

/* n bytes at p; they are at the end of their room. */
void	fuzz(const char *p, size_t n);

#ifdef PYKED_LIBFUZZER
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	fuzz((const char *)data, n < FUZZ_MAX ? n : FUZZ_MAX);
	return 0;
}
#endif

/* Is s made of bytes of room, of which there are n? Empty ones may be
 * anywhere. */
__attribute__((unused)) static bool
fuzz_within(struct str s, const char *room, size_t n)
{
	return s.n == 0 || (s.p >= room && s.p + s.n <= room + n);
}

__attribute__((unused)) static bool
fuzz_has_byte(struct str s, char c)
{
	return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

/* Steps in which an input is fed, one after the other: one byte, a few, or
 * as the bytes themselves say. Never 0. */
#define FUZZ_STEPS	4

__attribute__((unused)) static size_t
fuzz_step(unsigned how, const char *p, size_t have)
{
	static const size_t steps[] = { 1, 2, 7 };

	if (how < 3)
		return steps[how];
	return 1 + ((unsigned char)p[have] * 7 + have) % 61;
}

#endif
