/* htpasswd: what a file may hold, what is refused, and who is let in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/htpasswd.h"
#include "t/unit/tap.h"

/* Made with crypt(3), Apache's htpasswd and "openssl passwd"; the password is
 * "secret". */
#define BCRYPT	"$2y$05$DDp7b2LyFEJgrLwYUFQ2z.HC.Jsaq.KaRjjGeRMa2L4DVFr.VLGmS"
#define BCRYPT_B "$2b$05$kiFRF3acDgYDN4vMFY0ZVOwxZ47bgHVrgOf6BPwDcKXO3Qt" \
	"Sq6KWW"
#define SHA512	"$6$DIz9YZK.jy7aJKVi$WEVQiZ1kvrzDUBqru5Z7Y9092HcZTO3f2QuZG" \
	"HyMwFRsengZEWM6/8r5Vc7yW9MtGkM9ztne0EjxIZKu0z7jQ1"
#define SHA256	"$5$NzBbJobZkZjs/O1l$Lv2krVyvCQQ7X.ci5P/S/nxej7Z8vDrZXtE0v" \
	"nyIbh3"
#define YESCRYPT "$y$j9T$41GLLOYymNlQdtqE9rAv/0$MDfi0Rf/RzQu5DYPTGO3T2LZA6ODJ" \
	"Tfuxjh/Ea9im/5"
#define SHA1_OF	"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="

static const uint8_t key[SIPHASH_KEY] = "0123456789abcde";
static char said[1024];

static void
report(void *arg, const struct htpasswd_fault *f)
{
	size_t n = strlen(said);

	(void)arg;
	(void)snprintf(said + n, sizeof(said) - n, "%u %.*s: %s (%s)\n",
	    f->line, (int)f->user.n, f->user.n == 0 ? "" : f->user.p, f->what,
	    f->cure == NULL ? "anew" : f->cure);
}

/* Reads text of n bytes as a file. */
static int
read_bytes(struct htpasswd *h, const char *text, size_t n)
{
	FILE *f = tmpfile();
	int rc, error;

	said[0] = '\0';
	if (f == NULL || fwrite(text, 1, n, f) != n || fflush(f) != 0) {
		printf("Bail out! no file to write\n");
		exit(1);
	}
	rc = htpasswd_read(h, fileno(f), report, NULL);
	error = errno;
	(void)fclose(f);
	errno = error;
	return rc;
}

static bool
verify(const char *text, const char *user, const char *password)
{
	struct htpasswd h;
	bool good = read_bytes(&h, text, strlen(text)) == 0 &&
	    htpasswd_verify(&h, str_from(user), password, key);

	htpasswd_free(&h);
	return good;
}

static void
test_good(void)
{
	static const struct {
		const char *name, *hash;
	} table[] = {
		{ "bcrypt 2y", BCRYPT }, { "bcrypt 2b", BCRYPT_B },
		{ "sha512-crypt", SHA512 }, { "sha256-crypt", SHA256 },
		{ "yescrypt", YESCRYPT }, { "{SHA}", SHA1_OF }
	};
	char line[256];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		(void)snprintf(line, sizeof(line), "bob:%s\n", table[i].hash);
		ok(verify(line, "bob", "secret") && said[0] == '\0', "%s",
		    table[i].name);
		ok(!verify(line, "bob", "Secret") && !verify(line, "bob", "") &&
		    !verify(line, "bob", table[i].hash), "... nobody else's");
		ok(!verify(line, "bo", "secret") && !verify(line, "", "secret")
		    && !verify(line, "bobo", "secret"), "... no other user");
	}
}

static void
test_lines(void)
{
	ok(verify("# staff\n\nann:" BCRYPT ":a comment\r\nbob:" SHA1_OF, "ann",
	    "secret") && said[0] == '\0', "comments, CRLF");
	ok(verify("ann:" BCRYPT "\nbob:" SHA1_OF, "bob", "secret"),
	    "no newline at the end");
	ok(verify("J\xc3\xbcrgen S:" SHA1_OF, "J\xc3\xbcrgen S", "secret"),
	    "a name may be UTF-8 and have blanks");
	ok(!verify("", "bob", "secret") && said[0] == '\0', "an empty file");
	ok(!verify("bob:\n", "bob", "") && said[0] != '\0', "no hash at all");
}

static void
test_faults(void)
{
	static const struct {
		const char *text, *said;
	} table[] = {
		{ "bob\n", "1 : no \":\" between a user and a hash" },
		{ ":" BCRYPT, "1 : not the name of a user" },
		{ "a\tb:" BCRYPT, "1 : not the name of a user" },
		{ "#\n\nbob:secret\n", "3 bob: is in clear, or hashed with "
		    "DES, which is not safe (anew)" },
		{ "bob:rqXexS6ZhobKA\n", "1 bob: is in clear, or hashed with "
		    "DES, which is not safe (anew)" },
		{ "bob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", "1 bob: is "
		    "hashed with MD5, which is not safe (anew)" },
		{ "bob:$1$abc$yFAYj/pSgdBYQk3gJ7kpT1", "1 bob: is hashed with "
		    "MD5, which is not safe (anew)" },
		{ "bob:{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "1 bob: is hashed "
		    "in a way that is not known here (anew)" },
		{ "bob:$7$C6..../....SodiumChloride$k", "1 bob: is hashed in a "
		    "way that is not known here" },
		{ "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ", "1 bob: is cut off "
		    "or spoilt (anew)" },
		{ "bob:$2y$05$DDp7b2LyFEJgrLwYUFQ2z.HC", "1 bob: is cut off "
		    "or spoilt (anew)" },
		{ "bob:$2y$15$DDp7b2LyFEJgrLwYUFQ2z.HC.Jsaq.KaRjjGeRMa2L4DVFr."
		    "VLGmS", "1 bob: takes too long to check (anew)" },
		{ "bob:$6$rounds=1000001$salt$WEVQiZ1kvrzDUBqru5Z7Y9092HcZTO3f"
		    "2QuZGHyMwFRsengZEWM6/8r5Vc7yW9MtGkM9ztne0EjxIZKu0z7jQ1",
		    "1 bob: takes too long to check (anew)" },
		{ "bob:$6$rounds=x$salt$W", "1 bob: is cut off or spoilt" },
		{ "bob:$6$", "1 bob: is cut off or spoilt" },
		{ "bob:$y$jET$gjt5mXQaqNTeNzSXwQVik1$krw/21gzZgbhfB6.lo9BBW27i"
		    "TejFNy8IzjSF96Qft4", "1 bob: takes too long to check" },
		{ "bob:$y$k9T$41GLLOYymNlQdtqE9rAv/0$MDf", "1 bob: was made "
		    "with settings that are not taken here (anew)" },
		{ "bob:$y$j9T$", "1 bob: is cut off or spoilt" },
		{ "bob:$y$j", "1 bob: is cut off or spoilt" },
		{ "bob:" BCRYPT "\nbob:" SHA1_OF "\n", "2 bob: is there "
		    "already (keep one of them)" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		ok(!verify(table[i].text, "bob", "secret!") &&
		    strncmp(said, table[i].said, strlen(table[i].said)) == 0,
		    "%s", table[i].said);
		if (strstr(said, "secret") != NULL ||
		    strstr(said, "rqXexS6") != NULL)
			ok(false, "a password is shown");
	}
	ok(verify("x\nbob:" SHA1_OF "\ny:z\n", "bob", "secret") &&
	    strstr(said, "1 : ") == said && strstr(said, "\n3 y: ") != NULL,
	    "the other lines are good nevertheless");
	ok(!verify("bob:plain\n", "bob", "plain"), "a clear one is no hash");
}

static void
test_bytes(void)
{
	static const char nul[] = "bob:" SHA1_OF "\0x\nann:" SHA1_OF "\n";
	static const char mark[] = "\xef\xbb\xbf" "bob:" SHA1_OF "\n";
	struct htpasswd h;
	char *much = calloc(1, HTPASSWD_MAX + 1);
	char name[HTPASSWD_USER + 3];

	ok(read_bytes(&h, nul, sizeof(nul) - 1) == 0 && h.n == 2, "a NUL ends "
	    "what it is in, and no more");
	htpasswd_free(&h);
	ok(read_bytes(&h, mark, sizeof(mark) - 1) == 0 && htpasswd_verify(&h,
	    STR("bob"), "secret", key), "a byte-order mark is none of a name");
	htpasswd_free(&h);
	ok(read_bytes(&h, much, HTPASSWD_MAX) == 0, "as large as may be");
	htpasswd_free(&h);
	ok(read_bytes(&h, much, HTPASSWD_MAX + 1) == -1 && errno == EFBIG &&
	    h.n == 0, "too large");
	htpasswd_free(&h);
	free(much);
	memset(name, 'x', sizeof(name));
	ok(htpasswd_is_user((struct str){ name, HTPASSWD_USER }) &&
	    !htpasswd_is_user((struct str){ name, HTPASSWD_USER + 1 }),
	    "a long name");
	ok(htpasswd_open("/") == -1 && errno == EISDIR, "a folder");
	ok(htpasswd_open("/dev/null") == -1 && errno == EINVAL, "a device");
	ok(htpasswd_open("/nonexistent") == -1 && errno == ENOENT, "nothing");
}

static int64_t
time_of(const struct htpasswd *h, const char *user)
{
	struct timespec a, b;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	(void)htpasswd_verify(h, str_from(user), "guess", key);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
}

/* Whether a name is known must not show in the time that a check takes. */
static void
test_time(void)
{
	static const char text[] = "bob:$2y$10$PL9P5Nxg.gZ0pV9rlaB0NO6a3O6KwBB"
	    "5eTcImZgZOQvdinWJmJvu2\n";
	int64_t known = 0, unknown = 0;
	struct htpasswd h;

	(void)read_bytes(&h, text, sizeof(text) - 1);
	for (int i = 0; i < 3; i++) {
		known += time_of(&h, "bob");
		unknown += time_of(&h, "eve");
	}
	ok(known > 3000 && unknown > known / 2 && unknown < known * 2,
	    "an unknown user takes as long (%lld and %lld us)",
	    (long long)unknown, (long long)known);
	htpasswd_free(&h);
}

int
main(void)
{
	test_good();
	test_lines();
	test_faults();
	test_bytes();
	test_time();
	return done_testing();
}
