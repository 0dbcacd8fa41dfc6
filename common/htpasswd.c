/* Files of users, and passwords checked against them. */
#include "common/htpasswd.h"

#include <sys/stat.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

/* More than these, and one check takes seconds: nobody else would be let in
 * meanwhile. */
#define BCRYPT_COST_MAX	14
#define SHA_ROUNDS_MAX	1000000
#define YESCRYPT_N_MAX	15	/* the digit D: cost 9 of crypt_gensalt */

#define SHA_PREFIX	"{SHA}"
#define SHA_BASE64	28	/* of 20 bytes */

static const char digits64[] = "./0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* --- which hashes are taken --- */

static const char too_slow[] = "takes too long to check";
static const char broken[] = "is cut off or spoilt";

static bool
is_digits64(const char *p)
{
	return p[strspn(p, digits64)] == '\0';
}

/* $2y$10$ and 53 digits. NULL when it is fine. */
static const char *
bcrypt_fault(const char *hash)
{
	uint64_t cost;

	if (strlen(hash) != 60 || hash[6] != '$' || !is_digits64(hash + 7) ||
	    str_u64((struct str){ hash + 4, 2 }, 31, &cost) == -1 || cost < 4)
		return broken;
	return cost > BCRYPT_COST_MAX ? too_slow : NULL;
}

/* $6$salt$digest, $6$rounds=N$salt$digest; digest has n digits. */
static const char *
sha_crypt_fault(const char *hash, size_t n)
{
	static const char rounds[] = "rounds=";
	const char *p = hash + 3, *digest;
	uint64_t count;

	if (strncmp(p, rounds, sizeof(rounds) - 1) == 0) {
		p += sizeof(rounds) - 1;
		if (str_u64((struct str){ p, strspn(p, "0123456789") },
		    999999999, &count) == -1 || p[strspn(p, "0123456789")] !=
		    '$')
			return broken;
		if (count > SHA_ROUNDS_MAX)
			return too_slow;
		p = strchr(p, '$') + 1;
	}
	digest = strchr(p, '$');
	if (digest == NULL || digest - p > 16 || strlen(digest + 1) != n ||
	    !is_digits64(digest + 1))
		return broken;
	return NULL;
}

/* $y$j9T$salt$digest: flavour, N and r, each a digit here. */
static const char *
yescrypt_fault(const char *hash)
{
	const char *p = hash + 3, *digest, *n;

	if (strlen(p) < 4 || p[0] != 'j' || p[3] != '$')
		return strlen(p) < 4 ? broken :
		    "was made with settings that are not taken here";
	n = strchr(digits64, p[1]);
	digest = strchr(p + 4, '$');
	if (n == NULL || digest == NULL || strlen(digest + 1) != 43 ||
	    !is_digits64(digest + 1))
		return broken;
	return n - digits64 > YESCRYPT_N_MAX ||
	    strchr(digits64, p[2]) > strchr(digits64, 'T') ? too_slow : NULL;
}

static const char *
sha_fault(const char *hash)
{
	unsigned char bytes[SHA_BASE64];
	const char *p = hash + strlen(SHA_PREFIX);

	if (strlen(p) != SHA_BASE64 || p[SHA_BASE64 - 1] != '=' ||
	    EVP_DecodeBlock(bytes, (const unsigned char *)p, SHA_BASE64) == -1)
		return broken;
	return NULL;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* What is wrong with a hash, to be read after "the password"; or NULL. */
static const char *
hash_fault(const char *hash)
{
	if (begins(hash, "$2y$") || begins(hash, "$2b$") ||
	    begins(hash, "$2a$"))
		return bcrypt_fault(hash);
	if (begins(hash, "$6$"))
		return sha_crypt_fault(hash, 86);
	if (begins(hash, "$5$"))
		return sha_crypt_fault(hash, 43);
	if (begins(hash, "$y$"))
		return yescrypt_fault(hash);
	if (begins(hash, SHA_PREFIX))
		return sha_fault(hash);
	if (begins(hash, "$apr1$") || begins(hash, "$1$"))
		return "is hashed with MD5, which is not safe";
	if (hash[0] == '$' || hash[0] == '{')
		return "is hashed in a way that is not known here";
	return "is in clear, or hashed with DES, which is not safe";
}

/* --- reading --- */

bool
htpasswd_is_user(struct str user)
{
	size_t i;

	for (i = 0; i < user.n; i++)
		if ((unsigned char)user.p[i] < ' ' || user.p[i] == 0x7f ||
		    user.p[i] == ':')
			return false;
	return user.n > 0 && user.n <= HTPASSWD_USER && user.p[0] != '#';
}

static const struct htpasswd_entry *
find(const struct htpasswd *h, struct str user)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (str_eq(h->entries[i].user, user))
			return &h->entries[i];
	return NULL;
}

/* One line, which ends with a NUL; 0, or -1 with *fault filled in. */
static int
parse_line(struct htpasswd *h, char *line, struct htpasswd_fault *fault)
{
	char *colon = strchr(line, ':'), *rest;
	struct str user;

	fault->cure = "write: USER:HASH, or let \"pyked passwd\" do it";
	fault->what = "no \":\" between a user and a hash";
	if (colon == NULL)
		return -1;
	user = (struct str){ line, (size_t)(colon - line) };
	fault->what = "not the name of a user";
	if (!htpasswd_is_user(user))
		return -1;
	fault->user = user;
	fault->cure = "keep one of them";
	fault->what = "is there already";
	if (find(h, user) != NULL)
		return -1;
	rest = strchr(colon + 1, ':');	/* a comment, as others allow it */
	if (rest != NULL)
		*rest = '\0';
	fault->cure = NULL;
	fault->what = hash_fault(colon + 1);
	if (fault->what != NULL)
		return -1;
	h->entries[h->n++] = (struct htpasswd_entry){ .user = user,
	    .hash = colon + 1 };
	return 0;
}

static size_t
count_lines(const struct htpasswd *h)
{
	size_t i, n = 1;

	for (i = 0; i < h->size; i++)
		n += h->text[i] == '\n';
	return n;
}

/* Cuts the next line off at *p and ends it with a NUL; NULL at the end. */
static char *
next_line(const struct htpasswd *h, char **p)
{
	char *line = *p, *end = h->text + h->size, *newline;

	if (line >= end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	if (newline == NULL)
		newline = end;
	*p = newline + 1;
	if (newline > line && newline[-1] == '\r')
		newline[-1] = '\0';
	*newline = '\0';	/* there is a byte more than size */
	return line;
}

static int
parse(struct htpasswd *h, htpasswd_report *report, void *arg)
{
	struct htpasswd_fault fault = { .line = 0 };
	char *p = h->text, *line;

	if (h->size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;		/* a byte-order mark */
	h->entries = calloc(count_lines(h), sizeof(*h->entries));
	if (h->entries == NULL)
		return -1;
	while ((line = next_line(h, &p)) != NULL) {
		fault.line++;
		fault.user = (struct str){ NULL, 0 };
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (parse_line(h, line, &fault) == -1 && report != NULL)
			report(arg, &fault);
	}
	return 0;
}

int
htpasswd_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int error = 0;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	else if ((uint64_t)st.st_size > HTPASSWD_MAX)
		error = EFBIG;
	if (error == 0)
		return fd;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
read_all(struct htpasswd *h, int fd)
{
	ssize_t n;
	char *fit;

	do {
		n = pread(fd, h->text + h->size, HTPASSWD_MAX + 1 - h->size,
		    (off_t)h->size);
		if (n > 0)
			h->size += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == 0 && h->size > HTPASSWD_MAX)
		errno = EFBIG;
	if (n == -1 || h->size > HTPASSWD_MAX)
		return -1;
	fit = realloc(h->text, h->size + 1);
	if (fit != NULL)
		h->text = fit;
	return 0;
}

int
htpasswd_read(struct htpasswd *h, int fd, htpasswd_report *report, void *arg)
{
	int error;

	*h = (struct htpasswd){ .text = malloc(HTPASSWD_MAX + 1) };
	if (h->text != NULL && read_all(h, fd) == 0 &&
	    parse(h, report, arg) == 0)
		return 0;
	error = h->text == NULL ? ENOMEM : errno;
	htpasswd_free(h);
	errno = error;
	return -1;
}

void
htpasswd_free(struct htpasswd *h)
{
	if (h->text != NULL)
		OPENSSL_cleanse(h->text, h->size);
	free(h->text);
	free(h->entries);
	*h = (struct htpasswd){ .text = NULL };
}

/* --- checking --- */

/* Compares all bytes, however many differ. */
static bool
is_same(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strlen(b) == n && CRYPTO_memcmp(a, b, n) == 0;
}

static bool
verify_sha(const char *hash, const char *password)
{
	unsigned char digest[SHA_DIGEST_LENGTH], text[SHA_BASE64 + 1];
	bool same;

	(void)SHA1((const unsigned char *)password, strlen(password), digest);
	(void)EVP_EncodeBlock(text, digest, sizeof(digest));
	same = is_same(hash + strlen(SHA_PREFIX), (const char *)text);
	OPENSSL_cleanse(digest, sizeof(digest));
	OPENSSL_cleanse(text, sizeof(text));
	return same;
}

static bool
verify_crypt(const char *hash, const char *password)
{
	static struct crypt_data data;	/* 32 KiB: not on the stack */
	const char *made = crypt_r(password, hash, &data);
	bool same = made != NULL && is_same(hash, made);

	OPENSSL_cleanse(&data, sizeof(data));
	return same;
}

bool
htpasswd_verify(const struct htpasswd *h, struct str user,
    const char *password, const uint8_t key[SIPHASH_KEY])
{
	const struct htpasswd_entry *e = find(h, user);
	bool known = e != NULL, same;

	if (h->n == 0)
		return false;
	if (!known)
		e = &h->entries[siphash64(key, user.p, user.n) % h->n];
	if (begins(e->hash, SHA_PREFIX))
		same = verify_sha(e->hash, password);
	else
		same = verify_crypt(e->hash, password);
	return same && known;
}
