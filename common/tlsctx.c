/*
 * From certificates, keys and settings to an SSL_CTX.
 */
#include "common/tlsctx.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/conf.h"
#include "common/log.h"
#include "common/tlsclient.h"
#include "common/tlsfile.h"

/* Forward secrecy and authenticated encryption, nothing else; the cheapest
 * first. ChaCha20 is put in front for clients that do so themselves. */
static const char ciphers_1_2[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char ciphers_1_3[] = "TLS_AES_128_GCM_SHA256:"
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

#define KINDS_MAX	8	/* more than there are kinds of keys */

/* A server's context in the making. */
struct making {
	const struct conf_server *server;
	const struct conf *conf;
	struct conf_errors *errors;
	SSL_CTX *ctx;
	unsigned char clients[TLSCLIENT_DIGEST]; /* a name for whose
					 * certificates are believed */
};

/* --- settings --- */

/*
 * The only protocol spoken over TLS. A client that offers others alone gets
 * none, and HTTP/1.1 nevertheless, as if it had not asked.
 */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
    const unsigned char *offered, unsigned offered_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, n, ours, sizeof(ours) - 1, offered,
	    offered_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* A list in OpenSSL's names, those of TLS 1.3 ("TLS_...") among the others:
 * puts each into the list it belongs to. -1 when a list is too long. */
static int
split_ciphers(const char *list, char *old, char *new, size_t size)
{
	const char *p = list;
	char *to;
	size_t n;

	*old = *new = '\0';
	for (; *p != '\0'; p += n + (p[n] != '\0')) {
		n = strcspn(p, ":");
		to = strncmp(p, "TLS_", 4) == 0 ? new : old;
		if (strlen(to) + n + 2 > size)
			return -1;
		(void)snprintf(to + strlen(to), size - strlen(to), "%s%.*s",
		    *to == '\0' ? "" : ":", (int)n, p);
	}
	return 0;
}

/* The list is the same for all servers: the first with tls reports it. */
static bool
is_first(const struct making *m)
{
	const struct conf_server *s = m->conf->servers;

	while (s < m->server && s->ncerts == 0)
		s++;
	return s >= m->server;
}

static int
set_ciphers(const struct making *m)
{
	const char *list = m->conf->ciphers == NULL ? "" : m->conf->ciphers;
	char old[2048], new[2048];

	if (split_ciphers(list, old, new, sizeof(old)) == 0 &&
	    SSL_CTX_set_cipher_list(m->ctx, *old == '\0' ? ciphers_1_2 : old)
	    == 1 && SSL_CTX_set_ciphersuites(m->ctx, *new == '\0' ?
	    ciphers_1_3 : new) == 1)
		return 0;
	if (is_first(m))
		tlsfile_wrong(m->errors, &m->conf->ciphers_pos,
		    "\"openssl ciphers\" lists their names",
		    "no such cipher in \"%s\"", list);
	ERR_clear_error();
	return -1;
}

/*
 * A session may be resumed with the server that began it alone, so each has a
 * name of its own that stays the same over a reload; unless clients are asked
 * for other certificates by then, for nobody is asked when a session is
 * resumed.
 */
static int
set_session_id(const struct making *m)
{
	const struct conf_server *s = m->server;
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n = 0;
	size_t i;
	int good;

	good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	for (i = 0; good && i < s->nnames; i++)
		good = EVP_DigestUpdate(md, s->names[i].p, s->names[i].n) == 1
		    && EVP_DigestUpdate(md, "", 1) == 1;
	for (i = 0; good && i < s->ncerts; i++)
		good = EVP_DigestUpdate(md, s->certs[i].certificate,
		    strlen(s->certs[i].certificate) + 1) == 1;
	good = good && EVP_DigestUpdate(md, &s->client.mode,
	    sizeof(s->client.mode)) == 1 && EVP_DigestUpdate(md, m->clients,
	    sizeof(m->clients)) == 1;
	good = good && EVP_DigestFinal_ex(md, digest, &n) == 1 &&
	    SSL_CTX_set_session_id_context(m->ctx, digest,
	    n < SSL_MAX_SID_CTX_LENGTH ? n : SSL_MAX_SID_CTX_LENGTH) == 1;
	EVP_MD_CTX_free(md);
	return good ? 0 : -1;
}

static int
set_options(const struct making *m)
{
	SSL_CTX *ctx = m->ctx;

	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CLEANSE_PLAINTEXT);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	/* Tickets need no memory here; a cache would need it in each worker. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (m->conf->tickets.kind == CONF_TICKETS_OFF) {
		(void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		(void)SSL_CTX_set_num_tickets(ctx, 0);
	}
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	if (SSL_CTX_set_min_proto_version(ctx, m->conf->tls_min) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, m->conf->tls_max) != 1 ||
	    set_session_id(m) == -1) {
		tlsfile_wrong(m->errors, &m->server->pos, NULL,
		    "TLS cannot be set up: %s", tlsfile_reason());
		return -1;
	}
	return set_ciphers(m);
}

/* --- files --- */

/* Nobody is asked for a passphrase: there is nobody to ask. */
static int
no_passphrase(char *text, int size, int writing, void *arg)
{
	bool *asked = arg;

	(void)text;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static EVP_PKEY *
read_key(const struct making *m, const struct conf_cert *cert)
{
	BIO *bio = tlsfile_bio(&(struct tlsfile){ .what = "key",
	    .path = cert->key, .secret = true, .pos = &cert->key_pos,
	    .errors = m->errors });
	bool asked = false;
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
	BIO_free(bio);
	if (key != NULL)
		return key;
	if (asked)
		tlsfile_wrong(m->errors, &cert->key_pos,
		    "take the passphrase off with: "
		    "openssl pkey -in KEY -out NEWKEY",
		    "the key %s is encrypted", cert->key);
	else
		tlsfile_wrong(m->errors, &cert->key_pos, "it begins with "
		    "-----BEGIN PRIVATE KEY-----", "there is no key in PEM "
		    "format in %s", cert->key);
	return NULL;
}

/* A wrong clock is more likely than a wrong certificate, and a site that
 * browsers warn of is better than none. */
static void
warn_dates(const struct conf_cert *cert, const X509 *x)
{
	if (X509_cmp_current_time(X509_get0_notBefore(x)) > 0)
		log_warn("the certificate %s is not valid yet",
		    cert->certificate);
	if (X509_cmp_current_time(X509_get0_notAfter(x)) < 0)
		log_warn("the certificate %s has expired", cert->certificate);
}

/* The certificates behind the first, which lead to one that clients know. */
static int
read_chain(const struct making *m, const struct conf_cert *cert, BIO *bio)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(m->ctx, x) != 1) {
			X509_free(x);
			break;
		}
	}
	if (x == NULL &&
	    ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	tlsfile_wrong(m->errors, &cert->pos,
	    "make the file anew, the server's own "
	    "certificate first", "the chain in %s is damaged: %s",
	    cert->certificate, tlsfile_reason());
	return -1;
}

/* The certificate goes before its chain: OpenSSL adds to the latest. */
static int
use_pair(const struct making *m, const struct conf_cert *cert, X509 *x,
    EVP_PKEY *key)
{
	if (X509_check_private_key(x, key) != 1) {
		tlsfile_wrong(m->errors, &cert->key_pos,
		    "name the key that the certificate "
		    "was made for", "the key %s does not fit the certificate "
		    "%s", cert->key, cert->certificate);
		return -1;
	}
	if (SSL_CTX_use_certificate(m->ctx, x) != 1 ||
	    SSL_CTX_use_PrivateKey(m->ctx, key) != 1) {
		tlsfile_wrong(m->errors, &cert->pos, NULL,
		    "the certificate %s cannot be "
		    "used: %s", cert->certificate, tlsfile_reason());
		return -1;
	}
	return 0;
}

/* One certificate of each kind of key, as OpenSSL has one place for each. */
static int
check_kind(const struct making *m, size_t number, const EVP_PKEY *key,
    int *kinds)
{
	size_t i;

	kinds[number] = EVP_PKEY_get_base_id(key);
	for (i = 0; i < number; i++) {
		if (kinds[i] != kinds[number])
			continue;
		tlsfile_wrong(m->errors, &m->server->certs[number].pos,
		    "give one with an "
		    "ECDSA and one with an RSA key, or one alone", "two "
		    "certificates with the same kind of key");
		return -1;
	}
	return 0;
}

static int
load_pair(const struct making *m, size_t number, int *kinds)
{
	const struct conf_cert *cert = &m->server->certs[number];
	BIO *bio = tlsfile_bio(&(struct tlsfile){ .what = "certificate",
	    .path = cert->certificate, .pos = &cert->pos,
	    .errors = m->errors });
	X509 *x = NULL;
	EVP_PKEY *key;
	int result = -1;

	if (bio != NULL) {
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (x == NULL)
			tlsfile_wrong(m->errors, &cert->pos, "it begins with "
			    "-----BEGIN CERTIFICATE-----", "there is no "
			    "certificate in PEM format in %s",
			    cert->certificate);
	}
	key = read_key(m, cert);
	if (x != NULL && key != NULL && check_kind(m, number, key, kinds) == 0
	    && use_pair(m, cert, x, key) == 0 && read_chain(m, cert, bio) == 0)
		result = 0;
	if (result == 0)
		warn_dates(cert, x);
	EVP_PKEY_free(key);
	X509_free(x);
	BIO_free(bio);
	return result;
}

int
tlsctx_load(struct conf_server *server, const struct conf *conf,
    struct conf_errors *errors)
{
	struct making m = { .server = server, .conf = conf, .errors = errors };
	int kinds[KINDS_MAX] = { 0 };
	int result;
	size_t i;

	ERR_clear_error();
	m.ctx = SSL_CTX_new(TLS_server_method());
	if (m.ctx == NULL) {
		tlsfile_wrong(errors, &server->pos, NULL,
		    "TLS cannot be set up: %s", tlsfile_reason());
		return -1;
	}
	result = tlsclient_load(m.ctx, &server->client, errors, m.clients);
	if (set_options(&m) == -1)
		result = -1;
	for (i = 0; i < server->ncerts && i < KINDS_MAX; i++)
		if (load_pair(&m, i, kinds) == -1)
			result = -1;
	ERR_clear_error();
	if (result == -1)
		SSL_CTX_free(m.ctx);
	else
		server->tls = m.ctx;
	return result;
}

void
tlsctx_free(struct ssl_ctx_st *ctx)
{
	SSL_CTX_free(ctx);
}
