/*
 * S8: TLS records that carry next to nothing. One read takes no more than a
 * few of them, and many empty ones in a row end the connection.
 *
 * No library sends such records: a client's are made here, with the keys of a
 * session of TLS 1.2 (RFC 5246 6.2.3.3, RFC 5288).
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "common/tlsctx.h"
#include "t/unit/conf_load.h"

#define KEY	16
#define SALT	4
#define EMPTY	64	/* records in a row */

static SSL *server, *client;
static unsigned char key[KEY], salt[SALT];
static unsigned char sequence;	/* of the next record of the client's */

static void
give_up(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

/* --- a session --- */

static void
make_certificate(void)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	FILE *cert = fopen("cert", "w"), *f = fopen("key", "w");

	if (pkey == NULL || x == NULL || cert == NULL || f == NULL ||
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), 3600) == NULL ||
	    X509_set_pubkey(x, pkey) != 1 ||
	    X509_sign(x, pkey, EVP_sha256()) == 0 ||
	    PEM_write_X509(cert, x) != 1 || PEM_write_PKCS8PrivateKey(f, pkey,
	    NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0 ||
	    fclose(cert) != 0 || chmod("key", 0600) == -1)
		give_up("cannot make a certificate");
	EVP_PKEY_free(pkey);
	X509_free(x);
}

/* RFC 5246 6.3: of the key block, what the client writes with. */
static void
derive(void)
{
	unsigned char master[48], seed[64], block[2 * KEY + 2 * SALT];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256", label[] = "key expansion";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET,
		    master, sizeof(master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label,
		    sizeof(label) - 1),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed,
		    sizeof(seed)),
		OSSL_PARAM_construct_end()
	};

	if (SSL_SESSION_get_master_key(SSL_get_session(client), master,
	    sizeof(master)) != sizeof(master) ||
	    SSL_get_server_random(client, seed, 32) != 32 ||
	    SSL_get_client_random(client, seed + 32, 32) != 32 ||
	    EVP_KDF_derive(ctx, block, sizeof(block), params) != 1)
		give_up("cannot derive keys");
	memcpy(key, block, KEY);
	memcpy(salt, block + 2 * KEY, SALT);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
shake(const struct conf *conf)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *here = NULL, *there = NULL;
	int i, a = 0, b = 0;

	if (ctx == NULL || SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION)
	    != 1 || SSL_CTX_set_cipher_list(ctx,
	    "ECDHE-ECDSA-AES128-GCM-SHA256") != 1 ||
	    BIO_new_bio_pair(&here, 0, &there, 0) != 1)
		give_up("cannot make a client");
	server = SSL_new(conf->servers[0].tls);
	client = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_bio(client, here, here);
	SSL_set_bio(server, there, there);
	for (i = 0; i < 10 && (a != 1 || b != 1); i++) {
		a = SSL_connect(client);
		b = SSL_accept(server);
	}
	if (a != 1 || b != 1)
		give_up("no handshake");
	sequence = 1;	/* its Finished was number 0 */
	derive();
}

static void
end(void)
{
	SSL_free(server);
	SSL_free(client);
	ERR_clear_error();
}

/* --- records --- */

/* A record of application data, n bytes of it, as the client would send it. */
static void
send_record(size_t n)
{
	static const unsigned char zeros[16];
	unsigned char record[5 + 8 + 16 + 16] = { SSL3_RT_APPLICATION_DATA, 3,
	    3, 0, (unsigned char)(8 + n + 16) };
	unsigned char nonce[12] = { 0 }, extra[13] = { 0 };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	memcpy(nonce, salt, SALT);
	record[12] = nonce[11] = extra[7] = sequence++;
	memcpy(extra + 8, record, 3);
	extra[12] = (unsigned char)n;
	if (EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, nonce) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &len, extra, sizeof(extra)) != 1 ||
	    EVP_EncryptUpdate(ctx, record + 13, &len, zeros, (int)n) != 1 ||
	    EVP_EncryptFinal_ex(ctx, record + 13 + n, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16,
	    record + 13 + n) != 1 || BIO_write(SSL_get_wbio(client), record,
	    (int)(13 + n + 16)) != (int)(13 + n + 16))
		give_up("cannot make a record");
	EVP_CIPHER_CTX_free(ctx);
}

static void
test_small(const struct conf *conf)
{
	char p[100];
	size_t got = 0;
	int i, good = 0;

	shake(conf);
	for (i = 0; i < 100; i++)
		send_record(1);
	for (i = 0; i < 100; i++)
		good += SSL_read_ex(server, p, sizeof(p), &got) == 1 &&
		    got == 1;
	ok(good == 100, "a read takes one record, however small");
	end();
}

static void
test_empty(const struct conf *conf)
{
	char p[100];
	size_t got = 0;
	int i;

	shake(conf);
	for (i = 0; i < 10; i++)
		send_record(0);
	send_record(1);
	ok(SSL_read_ex(server, p, sizeof(p), &got) == 1 && got == 1,
	    "a few empty ones are harmless");
	end();
	shake(conf);
	for (i = 0; i < EMPTY; i++)
		send_record(0);
	send_record(1);
	ok(SSL_read_ex(server, p, sizeof(p), &got) != 1 &&
	    ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_RECORD_TOO_SMALL,
	    "many in a row are an error");
	ok(SSL_get_error(server, 0) == SSL_ERROR_SSL, "that ends it");
	end();
}

int
main(void)
{
	struct conf *conf;

	enter();
	make_certificate();
	conf = must_load("certificate cert key\n");
	if (tlsctx_load(&conf->servers[0], conf, &errors) == -1)
		give_up(said());
	test_small(conf);
	test_empty(conf);
	conf_free(conf);
	leave();
	return done_testing();
}
