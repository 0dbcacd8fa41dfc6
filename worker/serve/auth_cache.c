/* Verified credentials. */
#include "worker/serve/auth_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/htpasswd.h"

#define TTL_MS		60000
#define SETS		256	/* a power of two */
#define WAYS		4

struct entry {
	struct auth_mac mac;
	uint32_t file;
	struct mono until;		/* not set: the entry is free */
};

static struct entry table[SETS][WAYS];
static uint8_t key[SIPHASH_KEY];	/* of this process alone */

int
auth_cache_open(void)
{
	return siphash_key(key);
}

struct auth_mac
auth_cache_mac(uint32_t file, const char *user, const char *password)
{
	/* Fields of fixed length, so that "ab" and "c" is not "a" and "bc". */
	struct {
		char file[sizeof(file)];
		char user[HTPASSWD_USER + 1];
		char password[HTPASSWD_WORD + 1];
	} all = { .file = "" };
	struct auth_mac mac = { .bytes = { 0 } };
	size_t cut;

	memcpy(all.file, &file, sizeof(file));
	cut = strlcpy(all.user, user, sizeof(all.user)) / sizeof(all.user) +
	    strlcpy(all.password, password, sizeof(all.password)) /
	    sizeof(all.password);
	assert(cut == 0);
	siphash(key, &all, sizeof(all), mac.bytes);
	OPENSSL_cleanse(&all, sizeof(all));
	return mac;
}

bool
auth_mac_eq(const struct auth_mac *a, const struct auth_mac *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static struct entry *
set_of(const struct auth_mac *mac)
{
	return table[mac->bytes[0] & (SETS - 1)];
}

static bool
is_live(const struct entry *e, struct mono now)
{
	return mono_is_set(e->until) && mono_before(now, e->until);
}

bool
auth_cache_has(const struct auth_mac *mac, struct mono now)
{
	const struct entry *set = set_of(mac);
	bool found = false;
	int i;

	for (i = 0; i < WAYS; i++)
		found |= auth_mac_eq(&set[i].mac, mac) && is_live(&set[i], now);
	return found;
}

/* In place of itself, of one that is over, or of the one that ends first. */
void
auth_cache_put(const struct auth_mac *mac, uint32_t file, struct mono now)
{
	struct entry *set = set_of(mac), *e = &set[0];
	int i;

	for (i = 0; i < WAYS; i++) {
		if (auth_mac_eq(&set[i].mac, mac)) {
			e = &set[i];
			break;
		}
		if (is_live(e, now) && (!is_live(&set[i], now) ||
		    mono_before(set[i].until, e->until)))
			e = &set[i];
	}
	*e = (struct entry){ .mac = *mac, .file = file,
	    .until = mono_add_ms(now, TTL_MS) };
}

void
auth_cache_forget(uint32_t file)
{
	int i, k;

	for (i = 0; i < SETS; i++)
		for (k = 0; k < WAYS; k++)
			if (table[i][k].file == file)
				table[i][k] = (struct entry){ .file = 0 };
}

void
auth_cache_clear(void)
{
	memset(table, 0, sizeof(table));
}
