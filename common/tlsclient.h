/*
 * tlsclient: certificates of clients: whose are believed, and what one says.
 */
#ifndef COMMON_TLSCLIENT_H
#define COMMON_TLSCLIENT_H

struct buf;
struct conf_client;
struct conf_errors;
struct ssl_ctx_st;
struct x509_st;

#define TLSCLIENT_DIGEST	32

/* All that a client may send of certificates, in bytes: they go into tickets
 * and into the environment of scripts. */
#define TLSCLIENT_MAX		32768

/*
 * Makes ctx ask for a certificate by one of those in conf's file, and digest a
 * name for just these; without one, of zeros. A wrong certificate ends no
 * handshake: SSL_get_verify_result says what is wrong with it. A file that is
 * no good is added to errors: 0 or -1.
 */
int	tlsclient_load(struct ssl_ctx_st *ctx, const struct conf_client *conf,
	    struct conf_errors *errors,
	    unsigned char digest[TLSCLIENT_DIGEST]);

/* What can be said of a certificate. */
enum tlsclient_part {
	TLSCLIENT_NONE,
	TLSCLIENT_SUBJECT,	/* RFC 2253, in ASCII */
	TLSCLIENT_ISSUER,
	TLSCLIENT_SERIAL,	/* hexadecimal digits */
	TLSCLIENT_START,	/* "Nov 23 04:06:36 2026 GMT" */
	TLSCLIENT_END,
	TLSCLIENT_PEM		/* all of it */
};

/* Appends it; 0, or -1 with out as it was. */
int	tlsclient_put(const struct x509_st *cert, enum tlsclient_part part,
	    struct buf *out);

#endif
