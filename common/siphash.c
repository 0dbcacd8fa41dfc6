/*
 * SipHash-2-4-128, from "SipHash: a fast short-input PRF" by J.-P. Aumasson
 * and D. J. Bernstein, and its reference for the longer result.
 */
#include "common/siphash.h"

#include <sys/random.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static void
store(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t
rotate(uint64_t v, int n)
{
	return v << n | v >> (64 - n);
}

static void
rounds(struct state *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static void
take(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, 2);
	s->v0 ^= word;
}

int
siphash_key(uint8_t key[SIPHASH_KEY])
{
	ssize_t n = getrandom(key, SIPHASH_KEY, 0);

	if (n == SIPHASH_KEY)
		return 0;
	if (n != -1)
		errno = EIO;
	return -1;
}

/* All but the end. */
static struct state
absorb(const uint8_t key[SIPHASH_KEY], const void *p, size_t n)
{
	uint64_t k0 = load(key), k1 = load(key + 8);
	struct state s = { .v0 = k0 ^ 0x736f6d6570736575,
	    .v1 = k1 ^ 0x646f72616e646f6d ^ 0xee,
	    .v2 = k0 ^ 0x6c7967656e657261, .v3 = k1 ^ 0x7465646279746573 };
	const uint8_t *in = p;
	uint8_t last[8] = { 0 };
	size_t i, whole = n & ~(size_t)7;

	for (i = 0; i < whole; i += 8)
		take(&s, load(in + i));
	for (; i < n; i++)
		last[i - whole] = in[i];
	last[7] = (uint8_t)n;
	take(&s, load(last));
	s.v2 ^= 0xee;
	rounds(&s, 4);
	return s;
}

static uint64_t
squeeze(const struct state *s)
{
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

void
siphash(const uint8_t key[SIPHASH_KEY], const void *p, size_t n,
    uint8_t out[SIPHASH_LEN])
{
	struct state s = absorb(key, p, n);

	store(out, squeeze(&s));
	s.v1 ^= 0xdd;
	rounds(&s, 4);
	store(out + 8, squeeze(&s));
}

uint64_t
siphash64(const uint8_t key[SIPHASH_KEY], const void *p, size_t n)
{
	struct state s = absorb(key, p, n);

	return squeeze(&s);
}
