/*
 * Certificates of clients: the authorities that a file names, and certificates
 * as text.
 */
#include "common/tlsclient.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/tlsfile.h"

/* --- whose are believed --- */

/* The handshake goes on, so that an answer can say what is wrong: of one that
 * failed a browser says nothing that helps. What is wrong stays to be asked
 * for: nothing that is found later makes it good again. */
static int
go_on(int good, X509_STORE_CTX *store)
{
	(void)good;
	(void)store;
	return 1;
}

/* The store is for certificates of clients alone: that of the context would
 * add to our own chain. */
static int
add(SSL_CTX *ctx, X509_STORE *store, EVP_MD_CTX *md, X509 *x)
{
	unsigned char one[EVP_MAX_MD_SIZE];
	unsigned n;

	return X509_STORE_add_cert(store, x) == 1 &&
	    SSL_CTX_add_client_CA(ctx, x) == 1 &&
	    X509_digest(x, EVP_sha256(), one, &n) == 1 &&
	    EVP_DigestUpdate(md, one, n) == 1 ? 0 : -1;
}

/* How many certificates there are in the file; -1 when one is damaged. */
static int
read_all(SSL_CTX *ctx, X509_STORE *store, EVP_MD_CTX *md, BIO *bio)
{
	int n = 0, bad = 0;
	X509 *x;

	while (bad == 0 &&
	    (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		bad = add(ctx, store, md, x);
		X509_free(x);
		n++;
	}
	if (bad != 0 ||
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return -1;
	ERR_clear_error();
	return n;
}

static int
load(SSL_CTX *ctx, const struct tlsfile *file, EVP_MD_CTX *md)
{
	X509_STORE *store = X509_STORE_new();
	BIO *bio = tlsfile_bio(file);
	int n = 0;

	if (bio != NULL && store != NULL) {
		n = read_all(ctx, store, md, bio);
		if (n == 0)
			tlsfile_wrong(file->errors, file->pos, "it begins with "
			    "-----BEGIN CERTIFICATE-----", "there is no "
			    "certificate in PEM format in %s", file->path);
		else if (n == -1)
			tlsfile_wrong(file->errors, file->pos, "make the file "
			    "anew", "the %s in %s are damaged: %s", file->what,
			    file->path, tlsfile_reason());
		else if (SSL_CTX_set1_verify_cert_store(ctx, store) != 1)
			n = -1;
	}
	BIO_free(bio);
	X509_STORE_free(store);
	return n > 0 ? 0 : -1;
}

int
tlsclient_load(struct ssl_ctx_st *ctx, const struct conf_client *conf,
    struct conf_errors *errors, unsigned char digest[TLSCLIENT_DIGEST])
{
	struct tlsfile file = { .what = "certificates", .path = conf->path,
	    .pos = &conf->pos, .errors = errors };
	unsigned before = errors->n;
	EVP_MD_CTX *md;
	int result = -1;

	memset(digest, 0, TLSCLIENT_DIGEST);
	if (conf->mode <= CONF_CLIENT_OFF)
		return 0;
	md = EVP_MD_CTX_new();
	if (md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
	    load(ctx, &file, md) == 0 &&
	    EVP_DigestFinal_ex(md, digest, NULL) == 1)
		result = 0;
	EVP_MD_CTX_free(md);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, go_on);
	SSL_CTX_set_max_cert_list(ctx, TLSCLIENT_MAX);
	if (result == -1 && errors->n == before)
		tlsfile_wrong(errors, &conf->pos, NULL, "TLS cannot be set up: "
		    "%s", tlsfile_reason());
	return result;
}

/* --- what one says --- */

static bool
print(BIO *bio, const X509 *x, enum tlsclient_part part)
{
	switch (part) {
	case TLSCLIENT_SUBJECT:
		return X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
		    XN_FLAG_RFC2253) >= 0;
	case TLSCLIENT_ISSUER:
		return X509_NAME_print_ex(bio, X509_get_issuer_name(x), 0,
		    XN_FLAG_RFC2253) >= 0;
	case TLSCLIENT_SERIAL:
		return i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(x)) > 0;
	case TLSCLIENT_START:
		return ASN1_TIME_print(bio, X509_get0_notBefore(x)) == 1;
	case TLSCLIENT_END:
		return ASN1_TIME_print(bio, X509_get0_notAfter(x)) == 1;
	case TLSCLIENT_PEM:
		return PEM_write_bio_X509(bio, x) == 1;
	case TLSCLIENT_NONE:
		break;
	}
	return false;
}

int
tlsclient_put(const struct x509_st *cert, enum tlsclient_part part,
    struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int result = -1;
	char *p;
	long n;

	if (bio != NULL && print(bio, cert, part)) {
		n = BIO_get_mem_data(bio, &p);
		if (n >= 0)
			result = buf_put(out, p, (size_t)n);
	}
	BIO_free(bio);
	ERR_clear_error();
	return result;
}
