/*
 * auth_cache: credentials that were right a moment ago, as keyed hashes. They
 * themselves are nowhere here.
 */
#ifndef WORKER_SERVE_AUTH_CACHE_H
#define WORKER_SERVE_AUTH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/siphash.h"

/* A user and a password, for one file. */
struct auth_mac {
	uint8_t bytes[SIPHASH_LEN];
};

/* Makes the key. 0 or -1 with errno. */
int	auth_cache_open(void);
/* The hash of credentials, which must not be longer than htpasswd.h allows. */
struct auth_mac auth_cache_mac(uint32_t file, const char *user,
	    const char *password);
/* Compares all bytes, however many differ. */
bool	auth_mac_eq(const struct auth_mac *a, const struct auth_mac *b);
/* Were they right within the last minute? */
bool	auth_cache_has(const struct auth_mac *mac, struct mono now);
void	auth_cache_put(const struct auth_mac *mac, uint32_t file,
	    struct mono now);
/* The file has changed. */
void	auth_cache_forget(uint32_t file);
/* Nobody knows what has changed. */
void	auth_cache_clear(void);

#endif
