/*
 * Keys of session tickets, in shared memory or from a file.
 */
#include "common/tickets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "common/conf.h"
#include "common/tlsfile.h"

#define SMALL_FILE	48	/* name, cipher, mac: 16 bytes each */
#define LARGE_KEY	80	/* name: 16; mac, cipher: 32 each */
#define FILE_MAX	(LARGE_KEY * TICKETS_KEYS_MAX)

/* --- of a master --- */

/*
 * A worker cannot write here, unless it was taken over and lifts that; then it
 * has the keys anyhow, and nothing it may write leads out of the places.
 *
 * Key number n makes tickets, number n - 1 is good for old ones; both are in
 * the place that their number leaves when divided. The third place is empty,
 * and the next key is written there before n is.
 */
#define PLACES	3

struct tickets {
	_Atomic uint32_t n;
	struct ticket_key key[PLACES];
};

struct tickets *
tickets_open(void)
{
	struct tickets *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED)
		return NULL;
	/* Best effort: no dump of memory need have them. */
	(void)madvise(t, sizeof(*t), MADV_DONTDUMP);
	if (tickets_rotate(t) == 0)
		return t;
	(void)munmap(t, sizeof(*t));
	errno = EIO;
	return NULL;
}

void
tickets_close(struct tickets *t)
{
	if (t != NULL)
		(void)munmap(t, sizeof(*t));
}

void
tickets_protect(struct tickets *t)
{
	/* A worker that could not would still never write there. */
	(void)mprotect(t, sizeof(*t), PROT_READ);
}

int
tickets_rotate(struct tickets *t)
{
	uint32_t n = atomic_load(&t->n) + 1;
	struct ticket_key *key = &t->key[n % PLACES];

	if (RAND_bytes(key->name, sizeof(key->name)) != 1 ||
	    RAND_priv_bytes(key->mac, sizeof(key->mac)) != 1 ||
	    RAND_priv_bytes(key->cipher, sizeof(key->cipher)) != 1) {
		OPENSSL_cleanse(key, sizeof(*key));
		return -1;
	}
	key->size = sizeof(key->mac);
	atomic_store(&t->n, n);
	/* Whoever sees something of the wiping sees n, too. */
	atomic_thread_fence(memory_order_seq_cst);
	OPENSSL_cleanse(&t->key[(n + 1) % PLACES], sizeof(*key));
	return 0;
}

/* What is read while the master replaces a key is read again. */
size_t
tickets_get(const struct tickets *t, struct ticket_key *out)
{
	uint32_t n;

	do {
		n = atomic_load(&t->n);
		out[0] = t->key[n % PLACES];
		out[1] = t->key[(n + PLACES - 1) % PLACES];
		atomic_thread_fence(memory_order_acquire);
	} while (atomic_load(&t->n) != n);
	return out[1].size == 0 ? 1 : 2;
}

/* --- of a file --- */

static void
take_small(struct ticket_key *key, const unsigned char *p)
{
	key->size = 16;
	memcpy(key->name, p, 16);
	memcpy(key->cipher, p + 16, 16);
	memcpy(key->mac, p + 32, 16);
}

static void
take_large(struct ticket_key *key, const unsigned char *p)
{
	key->size = 32;
	memcpy(key->name, p, 16);
	memcpy(key->mac, p + 16, 32);
	memcpy(key->cipher, p + 48, 32);
}

/* False when n bytes are no keys. */
static bool
take_keys(struct ticket_keys *keys, const unsigned char *p, size_t n)
{
	if (n == SMALL_FILE) {
		take_small(&keys->key[0], p);
		keys->n = 1;
		return true;
	}
	if (n == 0 || n % LARGE_KEY != 0 || n > FILE_MAX)
		return false;
	for (keys->n = 0; keys->n < n / LARGE_KEY; keys->n++)
		take_large(&keys->key[keys->n], p + keys->n * LARGE_KEY);
	return true;
}

int
tickets_load(struct conf *conf, struct conf_errors *errors)
{
	struct conf_tickets *t = &conf->tickets;
	unsigned char bytes[FILE_MAX + 1];
	ssize_t n;
	int fd;

	if (t->kind != CONF_TICKETS_FILE)
		return 0;
	fd = tlsfile_open(&(struct tlsfile){ .what = "ticket keys",
	    .path = t->path, .secret = true, .pos = &t->pos,
	    .errors = errors });
	if (fd == -1)
		return -1;
	n = read(fd, bytes, sizeof(bytes));
	(void)close(fd);
	if (n == -1 || !take_keys(&t->keys, bytes, (size_t)n))
		conf_error(errors, &t->pos, CONF_WORD, "make it with: "
		    "openssl rand -out FILE 80", "there are no ticket keys in "
		    "%s: they are 48 or 80 bytes, or up to %d times 80",
		    t->path, TICKETS_KEYS_MAX);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return t->keys.n == 0 ? -1 : 0;
}
