/* siphash: against the reference's vectors and OpenSSL's own. */
#include <string.h>

#include <openssl/evp.h>

#include "common/siphash.h"
#include "t/unit/tap.h"

static uint8_t key[SIPHASH_KEY], text[64];

/* What OpenSSL says of the first n bytes of text. */
static bool
ask_openssl(size_t n, uint8_t out[SIPHASH_LEN])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t len;
	bool good = EVP_MAC_init(ctx, key, sizeof(key), NULL) == 1 &&
	    EVP_MAC_update(ctx, text, n) == 1 &&
	    EVP_MAC_final(ctx, out, &len, SIPHASH_LEN) == 1 &&
	    len == SIPHASH_LEN;

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return good;
}

int
main(void)
{
	/* The first of vectors_sip128, for no bytes at all. */
	static const uint8_t first[SIPHASH_LEN] = { 0xa3, 0x81, 0x7f, 0x04,
	    0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
	    0x93 };
	uint8_t ours[SIPHASH_LEN], theirs[SIPHASH_LEN];
	uint8_t made[2][SIPHASH_KEY];
	size_t n, same = 0;

	for (n = 0; n < sizeof(key); n++)
		key[n] = (uint8_t)n;
	for (n = 0; n < sizeof(text); n++)
		text[n] = (uint8_t)n;
	siphash(key, text, 0, ours);
	ok(memcmp(ours, first, sizeof(first)) == 0, "the reference's vector");
	for (n = 0; n < sizeof(text); n++) {
		siphash(key, text, n, ours);
		same += ask_openssl(n, theirs) &&
		    memcmp(ours, theirs, sizeof(ours)) == 0;
	}
	ok(same == sizeof(text), "OpenSSL's, for 0 to 63 bytes");
	siphash(key, text, 8, ours);
	ok((siphash64(key, text, 8) & 0xff) == ours[0], "the number");
	ok(siphash_key(made[0]) == 0 && siphash_key(made[1]) == 0 &&
	    memcmp(made[0], made[1], SIPHASH_KEY) != 0, "a new key each time");
	key[0] ^= 1;
	siphash(key, text, 8, theirs);
	ok(memcmp(ours, theirs, sizeof(ours)) != 0, "the key matters");
	return done_testing();
}
