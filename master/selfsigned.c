/* Making a certificate that vouches for itself. */
#include "master/selfsigned.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define LIFE_S		(30L * 24 * 3600)

static int
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int good;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = ext != NULL && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return good;
}

/* Another number each time: browsers mistrust two certificates with one. */
static int
set_serial(X509 *x)
{
	uint64_t number;

	return RAND_bytes((unsigned char *)&number, sizeof(number)) == 1 &&
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    number >> 1) == 1;
}

static int
set_name(X509 *x)
{
	X509_NAME *name = X509_get_subject_name(x);

	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0) == 1 &&
	    X509_set_issuer_name(x, name) == 1;
}

static int
fill_in(X509 *x, EVP_PKEY *key)
{
	return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	    set_name(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), LIFE_S) != NULL &&
	    X509_set_pubkey(x, key) == 1 &&
	    add_extension(x, NID_subject_alt_name,
	    "DNS:localhost,IP:127.0.0.1,IP:::1") &&
	    add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
	    X509_sign(x, key, EVP_sha256()) != 0;
}

/* For root's eyes, or the user's: whoever may open /proc/PID/fd may anyway. */
static int
write_both(X509 *x, EVP_PKEY *key)
{
	int fd = memfd_create("pyked certificate", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING), own;
	FILE *f;
	int good;

	if (fd == -1)
		return -1;
	own = fchmod(fd, 0600) == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	f = own == -1 ? NULL : fdopen(own, "w");
	if (f == NULL) {
		if (own != -1)
			(void)close(own);
		(void)close(fd);
		return -1;
	}
	good = PEM_write_X509(f, x) == 1 && PEM_write_PrivateKey(f, key, NULL,
	    NULL, 0, NULL, NULL) == 1;
	/* Workers have it open too, and a reload reads it again. */
	if (fclose(f) == 0 && good && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE |
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

int
selfsigned_make(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	int fd = -1;

	if (key != NULL && x != NULL && fill_in(x, key))
		fd = write_both(x, key);
	X509_free(x);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return fd;
}
