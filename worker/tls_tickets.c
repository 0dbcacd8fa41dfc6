/*
 * OpenSSL makes tickets and reads them; here it is told with which key.
 *
 * It asks the context that a connection began with, whatever name the client
 * said, so all contexts have the same keys: what keeps the sessions of one site
 * out of another is the session id context, which is part of a ticket.
 */
#include "worker/tls_tickets.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "common/conf.h"
#include "common/tickets.h"

static const struct conf *conf;
static const struct tickets *shared;
static struct ticket_key copy[TICKETS_SHARED];	/* wiped after use: the master
						 * wipes old ones, too */

/* The keys as they are now. */
static const struct ticket_key *
keys(size_t *n)
{
	if (conf->tickets.kind == CONF_TICKETS_FILE) {
		*n = conf->tickets.keys.n;
		return conf->tickets.keys.key;
	}
	*n = tickets_get(shared, copy);
	return copy;
}

static bool
use_key(const struct ticket_key *key, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool encrypt)
{
	char digest[] = "SHA256";
	unsigned char secret[sizeof(key->mac)];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret,
		    key->size),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
		    0),
		OSSL_PARAM_construct_end()
	};
	bool good;

	memcpy(secret, key->mac, sizeof(secret));
	good = EVP_MAC_CTX_set_params(mac, params) == 1 &&
	    EVP_CipherInit_ex(cipher, key->size == 16 ? EVP_aes_128_cbc() :
	    EVP_aes_256_cbc(), NULL, key->cipher, iv, encrypt) == 1;
	OPENSSL_cleanse(secret, sizeof(secret));
	return good;
}

static int
give(unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac)
{
	size_t n;
	const struct ticket_key *key = keys(&n);

	if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1 ||
	    !use_key(key, iv, cipher, mac, true))
		return -1;
	memcpy(name, key->name, TICKETS_NAME);
	return 1;
}

/*
 * 0: no such key, the handshake is a full one. 2: good, and the client is to
 * have a new ticket: for this key makes none any more, or because a ticket
 * should be used once (RFC 8446 C.4).
 */
static int
take(SSL *ssl, const unsigned char *name, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	size_t i, n;
	const struct ticket_key *key = keys(&n);

	for (i = 0; i < n; i++)
		if (memcmp(name, key[i].name, TICKETS_NAME) == 0)
			break;
	if (i == n)
		return 0;
	if (!use_key(&key[i], iv, cipher, mac, false))
		return -1;
	return i > 0 || SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;
}

static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	int result = encrypt ? give(name, iv, cipher, mac) :
	    take(ssl, name, iv, cipher, mac);

	OPENSSL_cleanse(copy, sizeof(copy));
	return result;
}

void
tls_tickets_open(const struct conf *c, const struct tickets *s)
{
	conf = c;
	shared = s;
}

void
tls_tickets_setup(struct ssl_ctx_st *ctx)
{
	if (conf->tickets.kind != CONF_TICKETS_OFF)
		(void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}
