/*
 * auth_slow: wrong passwords, counted for each address, and how long the next
 * answer to it is put off. A table of fixed size.
 */
#ifndef WORKER_SERVE_AUTH_SLOW_H
#define WORKER_SERVE_AUTH_SLOW_H

#include <stdint.h>

#include "common/cidr.h"
#include "common/clock.h"
#include "common/siphash.h"

#define AUTH_SLOW_CHECKS	4	/* of an address at a time */

/* One address; of IPv6, one /64, which is what one client has. */
struct auth_slow {
	struct cidr client;
	unsigned checks;		/* of passwords, that are not over */
	unsigned failures;
	struct mono since;		/* when the last was counted, or
					 * forgotten */
};

/* Makes the key. 0 or -1 with errno. */
int	auth_slow_open(void);
/*
 * The entry for a client, which begins a check: auth_slow_end must follow. It
 * stays valid until then. NULL when it has too many under way.
 */
struct auth_slow *auth_slow_begin(const struct cidr *client, struct mono now);
void	auth_slow_end(struct auth_slow *s);
/* A password was wrong: how long the answer is put off, in ms. */
int64_t	auth_slow_failed(struct auth_slow *s, struct mono now);
/* Has it no failures? Then its checks come first. */
bool	auth_slow_is_clean(const struct auth_slow *s);

#endif
