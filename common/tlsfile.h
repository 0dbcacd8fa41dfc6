/*
 * tlsfile: the files of certificates and keys that a configuration names, and
 * what is said when something is wrong with them.
 *
 * Private to tls* and tickets.
 */
#ifndef COMMON_TLSFILE_H
#define COMMON_TLSFILE_H

#include <stdbool.h>

#include <openssl/bio.h>

struct conf_errors;
struct conf_pos;

struct tlsfile {
	const char *what;		/* "key" */
	const char *path;
	bool secret;			/* a warning is due when others may
					 * read it */
	const struct conf_pos *pos;	/* where it is named */
	struct conf_errors *errors;
};

/* Opened for reading: a descriptor (a BIO), or -1 (NULL) and a mistake. */
int	tlsfile_open(const struct tlsfile *f);
BIO    *tlsfile_bio(const struct tlsfile *f);
/* A mistake at pos; OpenSSL's queue of errors never outlives it. */
void	tlsfile_wrong(struct conf_errors *errors, const struct conf_pos *pos,
	    const char *hint, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
/* What OpenSSL says went wrong, in its words. */
const char *tlsfile_reason(void);

#endif
