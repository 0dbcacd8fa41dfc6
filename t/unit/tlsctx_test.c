/*
 * TLS contexts: what is loaded, what is refused and with which words, and
 * what a client gets.
 */
#include "common/tlsctx.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/log.h"
#include "common/tlsclient.h"
#include "t/unit/conf_load.h"

#define DAY	86400L

static char logged[4096];

static void
keep_line(const char *line, size_t n)
{
	(void)snprintf(logged + strlen(logged), sizeof(logged) -
	    strlen(logged), "%.*s", (int)n, line);
}

/* --- certificates --- */

static void
give_up(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

static void
write_key(const char *name, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	FILE *f = fopen(name, "w");
	char pass[] = "secret";

	if (f == NULL || PEM_write_PKCS8PrivateKey(f, key, cipher, pass,
	    cipher == NULL ? 0 : 6, NULL, NULL) != 1 || fclose(f) != 0 ||
	    chmod(name, 0600) == -1)
		give_up("cannot write a key");
}

/* A certificate for key, good from and until so many days from now. */
static void
write_cert(const char *name, EVP_PKEY *key, long from, long until)
{
	X509 *x = X509_new();
	FILE *f = fopen(name, "w");
	X509_NAME *subject = x == NULL ? NULL : X509_get_subject_name(x);

	if (f == NULL || subject == NULL || X509_set_version(x, 2) != 1 ||
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0) != 1 ||
	    X509_set_issuer_name(x, subject) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(x), from * DAY) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(x), until * DAY) == NULL ||
	    X509_set_pubkey(x, key) != 1 ||
	    X509_sign(x, key, EVP_sha256()) == 0 ||
	    PEM_write_X509(f, x) != 1 || fclose(f) != 0)
		give_up("cannot write a certificate");
	X509_free(x);
}

static void
make_files(void)
{
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);

	if (ec == NULL || other == NULL || rsa == NULL)
		give_up("cannot make keys");
	write_key("ec.key", ec, NULL);
	write_key("rsa.key", rsa, NULL);
	write_key("other.key", other, NULL);
	write_key("secret.key", ec, EVP_aes_128_cbc());
	write_cert("ec.pem", ec, -1, 1);
	write_cert("rsa.pem", rsa, -1, 1);
	write_cert("other.pem", other, -1, 1);
	write_cert("old.pem", ec, -2, -1);
	write_cert("young.pem", ec, 1, 2);
	write_file("junk.pem", "junk\n");
	if (system("(cat ec.pem other.pem) >chain.pem; "
	    "(cat ec.pem; head -3 other.pem) >damaged.pem") != 0)
		give_up("cannot write a chain");
	EVP_PKEY_free(ec);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
}

/* --- loading --- */

/* Loads text, and the contexts of its first server. */
static struct conf *
load_tls(const char *text, int *result)
{
	struct conf *conf = must_load(text);

	logged[0] = '\0';
	*result = tlsctx_load(&conf->servers[0], conf, &errors);
	ok(ERR_peek_error() == 0, "OpenSSL's queue is empty: %s",
	    name_of(text));
	return conf;
}

static void
refuses(const char *text, const char *part)
{
	int result;
	struct conf *conf = load_tls(text, &result);

	if (!ok(result == -1 && errors.n == 1 && conf->servers[0].tls == NULL
	    && strstr(said(), part) != NULL, "refuses: %s", name_of(text)))
		fprintf(stderr, "said: %s\nnot: %s\n", said(), part);
	conf_free(conf);
}

static void
accepts(const char *text, const char *warning)
{
	int result;
	struct conf *conf = load_tls(text, &result);

	if (!ok(result == 0 && errors.n == 0 && conf->servers[0].tls != NULL &&
	    (*warning == '\0' ? logged[0] == '\0' :
	    strstr(logged, warning) != NULL), "accepts: %s", name_of(text)))
		fprintf(stderr, "said: %s%s\n", said(), logged);
	conf_free(conf);
}

static void
test_files(void)
{
	accepts("certificate ec.pem ec.key\n", "");
	accepts("certificate chain.pem ec.key\n", "");
	accepts("certificate ec.pem ec.key; certificate rsa.pem rsa.key\n", "");
	accepts("certificate old.pem ec.key\n", "old.pem has expired");
	accepts("certificate young.pem ec.key\n", "young.pem is not valid yet");
	refuses("certificate nosuch.pem ec.key\n", "1:13: cannot read the "
	    "certificate ");
	refuses("certificate ec.pem nosuch.key\n", "1:20: cannot read the "
	    "key ");
	refuses("certificate ec.pem .\n", "it is not a file");
	refuses("certificate junk.pem ec.key\n", "1:13: there is no "
	    "certificate in PEM format in ");
	refuses("certificate ec.pem junk.pem\n", "there is no key in PEM");
	refuses("certificate ec.pem ec.pem\n", "there is no key in PEM");
	refuses("certificate ec.pem other.key\n", "1:20: the key ");
	refuses("certificate ec.pem rsa.key\n", "does not fit the certificate");
	refuses("certificate ec.pem secret.key\n", "is encrypted");
	refuses("certificate damaged.pem ec.key\n", "the chain in ");
	refuses("certificate ec.pem ec.key; certificate other.pem other.key\n",
	    "1:40: two certificates with the same kind of key");
	(void)chmod("ec.key", 0640);
	accepts("certificate ec.pem ec.key\n", "others may read the key ");
	(void)chmod("ec.key", 0600);
}

static void
test_clients(void)
{
	static const char with[] = "certificate ec.pem ec.key\n"
	    "client-certificate required chain.pem\n";
	SSL_CTX *ctx;
	struct conf *conf;
	int result;

	accepts(with, "");
	refuses("certificate ec.pem ec.key; client-certificate optional none\n",
	    "1:56: cannot read the certificates ");
	refuses("certificate ec.pem ec.key; client-certificate required .\n",
	    "it is not a file");
	refuses("certificate ec.pem ec.key\nclient-certificate optional "
	    "ec.key\n", "2:29: there is no certificate in PEM format in ");
	refuses("certificate ec.pem ec.key\nclient-certificate optional "
	    "damaged.pem\n", "2:29: the certificates in ");
	conf = load_tls(with, &result);
	ctx = conf->servers[0].tls;
	ok(SSL_CTX_get_verify_mode(ctx) == SSL_VERIFY_PEER &&
	    sk_X509_NAME_num(SSL_CTX_get_client_CA_list(ctx)) == 2 &&
	    SSL_CTX_get_max_cert_list(ctx) == TLSCLIENT_MAX,
	    "clients are asked, and told by whom");
	conf_free(conf);
	conf = load_tls("certificate ec.pem ec.key\n", &result);
	ok(SSL_CTX_get_verify_mode(conf->servers[0].tls) == SSL_VERIFY_NONE,
	    "only where it is said");
	conf_free(conf);
}

static void
test_ciphers(void)
{
	accepts("certificate ec.pem ec.key; tls { ciphers "
	    "ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384 }\n", "");
	accepts("certificate ec.pem ec.key; tls { ciphers TLS_AES_128_GCM_"
	    "SHA256 }\n", "");
	refuses("certificate ec.pem ec.key; tls { ciphers NO-SUCH }\n",
	    "1:42: no such cipher in \"NO-SUCH\"");
	refuses("certificate ec.pem ec.key; tls { ciphers TLS_NO }\n",
	    "no such cipher in \"TLS_NO\"");
}

static void
test_settings(void)
{
	const uint64_t options = SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
	const long modes = SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	    SSL_MODE_RELEASE_BUFFERS;
	int result;
	struct conf *conf = load_tls("certificate ec.pem ec.key\n", &result);
	SSL_CTX *ctx = conf->servers[0].tls;

	ok(ctx != NULL && (SSL_CTX_get_options(ctx) & options) == options,
	    "options");
	ok((SSL_CTX_get_options(ctx) & SSL_OP_NO_TICKET) == 0 &&
	    SSL_CTX_get_session_cache_mode(ctx) == SSL_SESS_CACHE_OFF,
	    "tickets, but no cache");
	ok((SSL_CTX_get_mode(ctx) & modes) == modes &&
	    (SSL_CTX_get_mode(ctx) & SSL_MODE_ENABLE_PARTIAL_WRITE) == 0,
	    "modes");
	ok(SSL_CTX_get_read_ahead(ctx) == 1, "reads ahead");
	ok(SSL_CTX_get_min_proto_version(ctx) == TLS1_2_VERSION &&
	    SSL_CTX_get_max_proto_version(ctx) == TLS1_3_VERSION, "versions");
	conf_free(conf);
}

/* --- a client --- */

struct client {
	int version;			/* the only one it speaks, 0: any */
	const char *alpn;		/* in wire format, NULL: none */
	const char *ciphers;		/* of TLS 1.2, NULL: any */
};

/* Shakes hands in memory: what the client ends up with, or NULL. */
static SSL *
shake(SSL_CTX *server_ctx, const struct client *want)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_ctx), *client;
	BIO *here = NULL, *there = NULL;
	int i, a = 0, b = 0;

	if (ctx == NULL || server == NULL ||
	    BIO_new_bio_pair(&here, 0, &there, 0) != 1)
		give_up("cannot make a client");
	(void)SSL_CTX_set_min_proto_version(ctx, want->version);
	(void)SSL_CTX_set_max_proto_version(ctx, want->version);
	if (want->ciphers != NULL)
		(void)SSL_CTX_set_cipher_list(ctx, want->ciphers);
	client = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (want->alpn != NULL)
		(void)SSL_set_alpn_protos(client,
		    (const unsigned char *)want->alpn,
		    (unsigned)strlen(want->alpn));
	SSL_set_bio(client, here, here);
	SSL_set_bio(server, there, there);
	for (i = 0; i < 10 && (a != 1 || b != 1); i++) {
		a = SSL_connect(client);
		b = SSL_accept(server);
	}
	SSL_free(server);
	ERR_clear_error();
	if (a == 1 && b == 1)
		return client;
	SSL_free(client);
	return NULL;
}

static bool
speaks(const SSL *ssl, const char *protocol)
{
	const unsigned char *p;
	unsigned n;

	if (ssl == NULL)
		return false;
	SSL_get0_alpn_selected(ssl, &p, &n);
	return str_eq((struct str){ (const char *)p, n }, str_from(protocol));
}

static void
test_client(void)
{
	int result;
	struct conf *conf = load_tls("certificate ec.pem ec.key\n"
	    "certificate rsa.pem rsa.key\n", &result);
	SSL_CTX *ctx = conf->servers[0].tls;
	SSL *ssl;

	ssl = shake(ctx, &(struct client){ .alpn = "\x02h2\x08http/1.1" });
	ok(speaks(ssl, "http/1.1"), "http/1.1 is chosen");
	ok(ssl != NULL && SSL_version(ssl) == TLS1_3_VERSION &&
	    strcmp(SSL_get_cipher(ssl), "TLS_AES_128_GCM_SHA256") == 0,
	    "by the server's preference");
	SSL_free(ssl);
	ssl = shake(ctx, &(struct client){ .alpn = "\x02h2" });
	ok(ssl != NULL && speaks(ssl, ""), "h2 alone: none is chosen");
	SSL_free(ssl);
	ssl = shake(ctx, &(struct client){ .version = TLS1_2_VERSION,
	    .ciphers = "ECDHE-RSA-AES256-GCM-SHA384" });
	ok(ssl != NULL && SSL_version(ssl) == TLS1_2_VERSION,
	    "TLS 1.2, with the RSA certificate");
	SSL_free(ssl);
	ssl = shake(ctx, &(struct client){ .version = TLS1_2_VERSION,
	    .ciphers = "AES128-SHA:ECDHE-RSA-AES128-SHA" });
	ok(ssl == NULL, "no ciphers without forward secrecy or in CBC mode");
	SSL_free(ssl);
	ssl = shake(ctx, &(struct client){ .version = TLS1_1_VERSION,
	    .ciphers = "ALL:@SECLEVEL=0" });
	ok(ssl == NULL, "no TLS 1.1");
	SSL_free(ssl);
	conf_free(conf);
}

static void
test_version(void)
{
	int result;
	struct conf *conf = load_tls("certificate ec.pem ec.key\n"
	    "tls { protocols 1.3 }\n", &result);
	SSL_CTX *ctx = conf->servers[0].tls;
	SSL *ssl = shake(ctx, &(struct client){ .version = TLS1_2_VERSION });

	ok(ssl == NULL, "protocols 1.3: no TLS 1.2");
	ssl = shake(ctx, &(struct client){ .version = TLS1_3_VERSION });
	ok(ssl != NULL, "but TLS 1.3");
	SSL_free(ssl);
	conf_free(conf);
}

int
main(void)
{
	enter();
	log_set_sink(keep_line);
	make_files();
	test_files();
	test_clients();
	test_ciphers();
	test_settings();
	test_client();
	test_version();
	tlsctx_free(NULL);
	leave();
	return done_testing();
}
