/*
 * siphash: SipHash-2-4 with 128 bits of result, the hash for whatever a client
 * chooses: nobody without the key can say what it gives. Pure, but for the
 * making of a key.
 */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY	16	/* bytes of a key */
#define SIPHASH_LEN	16	/* bytes of a result */

/* A key that nobody knows: 0, or -1 with errno. */
int	siphash_key(uint8_t key[SIPHASH_KEY]);
void	siphash(const uint8_t key[SIPHASH_KEY], const void *p, size_t n,
	    uint8_t out[SIPHASH_LEN]);
/* The first eight bytes of it, as a number. */
uint64_t siphash64(const uint8_t key[SIPHASH_KEY], const void *p, size_t n);

#endif
