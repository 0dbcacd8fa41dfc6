/*
 * htpasswd: files of users and the hashes of their passwords, and the check
 * of a password against them.
 *
 * Lines are "user:hash"; empty ones and those that begin with # say nothing.
 * Hashes are bcrypt, SHA-crypt, yescrypt (all by crypt(3)) and {SHA}; whatever
 * else is there, passwords in clear above all, is a fault. No text of a file
 * is ever shown but the name of a user.
 */
#ifndef COMMON_HTPASSWD_H
#define COMMON_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/siphash.h"
#include "common/str.h"

#define HTPASSWD_MAX	((size_t)1 << 20)	/* bytes of a file */
#define HTPASSWD_USER	255	/* bytes of a name */
#define HTPASSWD_WORD	255	/* bytes of a password */

struct htpasswd_entry {
	struct str user;	/* in the file's text */
	const char *hash;	/* in it too, ended by a NUL */
};

/* Zero is empty: nobody is known. */
struct htpasswd {
	char *text;		/* owned; wiped when it is freed */
	size_t size;		/* of text */
	struct htpasswd_entry *entries;	/* owned; n of them */
	size_t n;
};

/* One fault: the line (from 1), what it is, and what to do about it. user is
 * empty when the line names none. */
struct htpasswd_fault {
	unsigned line;
	struct str user;	/* borrowed for the call */
	const char *what;
	const char *cure;	/* NULL = "make the entry anew" */
};

typedef void htpasswd_report(void *arg, const struct htpasswd_fault *fault);

/*
 * Opens a file to be read; what is no regular file is refused, so that nothing
 * blocks. A descriptor, or -1 with errno.
 */
int	htpasswd_open(const char *path);
/*
 * Reads all of fd, from its beginning and wherever its offset is, into h. Each
 * fault is reported (report may be NULL) and its line left out. 0, or -1 with
 * errno: then h is empty.
 */
int	htpasswd_read(struct htpasswd *h, int fd, htpasswd_report *report,
	    void *arg);
void	htpasswd_free(struct htpasswd *h);

/*
 * Is it the user's password? An unknown user takes as long as a known one: the
 * password is checked against the hash of an entry that the key and the name
 * choose. Takes as long as the hash was made to take.
 */
bool	htpasswd_verify(const struct htpasswd *h, struct str user,
	    const char *password, const uint8_t key[SIPHASH_KEY]);
/* May a user have this name? */
bool	htpasswd_is_user(struct str user);

#endif
