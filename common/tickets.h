/*
 * tickets: the keys of TLS session tickets (RFC 5077, RFC 8446 4.6.1).
 *
 * Either the master makes them up, in memory that its workers of all
 * generations see, so that a session is resumed with any of them and after a
 * reload; there are two at most, and one that is replaced is wiped: no ticket
 * can be read any more when both its keys are gone, whoever takes the memory
 * then. That is why they are not derived from one secret and the time, which
 * would open all tickets ever given. Or they are in a file that several
 * machines share.
 */
#ifndef COMMON_TICKETS_H
#define COMMON_TICKETS_H

#include <stddef.h>

struct conf;
struct conf_errors;

#define TICKETS_NAME		16
#define TICKETS_KEYS_MAX	8	/* in a file */

struct ticket_key {
	unsigned char name[TICKETS_NAME];
	unsigned char mac[32];		/* size bytes, of HMAC with SHA-256 */
	unsigned char cipher[32];	/* size bytes, of AES in CBC mode */
	size_t size;			/* 16 or 32; 0 = there is no key */
};

/* The first makes tickets, the others are good for old ones. */
struct ticket_keys {
	struct ticket_key key[TICKETS_KEYS_MAX];
	size_t n;
};

/* --- of a file --- */

/*
 * Reads the file that conf names, if it does, into conf->tickets.keys: 48 or
 * 80 bytes, as nginx has them, or several keys of 80. A failure is added to
 * errors: 0 or -1.
 */
int	tickets_load(struct conf *conf, struct conf_errors *errors);

/* --- of a master --- */

struct tickets;

#define TICKETS_SHARED	2	/* the one that makes tickets, and the last */

/* Memory to share with processes that are forked, with a first key in it; NULL
 * with errno. */
struct tickets *tickets_open(void);
void	tickets_close(struct tickets *t);
/* In a worker: it is for reading from here on. */
void	tickets_protect(struct tickets *t);
/* A new key makes tickets, the one that did is good for old ones, and the one
 * before that is wiped. Only ever called by the process that opened it. 0, or
 * -1: there is no randomness, and nothing was changed. */
int	tickets_rotate(struct tickets *t);
/* The keys as they are now, into room for TICKETS_SHARED; how many. */
size_t	tickets_get(const struct tickets *t, struct ticket_key *out);

#endif
