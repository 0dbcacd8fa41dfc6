/*
 * The TLS transport: OpenSSL on a non-blocking socket.
 *
 * OpenSSL keeps one queue of errors for the whole process, so it is emptied
 * before every call: what one connection left there must not be read as
 * another's (CVE-2008-1531).
 */
#include "worker/transport_tls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/conf.h"
#include "worker/conn.h"
#include "worker/serve/route.h"
#include "worker/tls_client.h"
#include "worker/tls_tickets.h"
#include "worker/tls_wire.h"
#include "worker/transport.h"
#include "worker/worker.h"

/* Behind the handshake a client may change its key, now and then, or ask for
 * another handshake, in vain. Each costs much more than the few bytes that it
 * is made of. */
#define MESSAGES_MAX	32

/* Whose context a connection begins with, before a name is known; NULL when
 * none has one. */
static const struct conf_server *
first_server(const struct conf_listen *l)
{
	if (l->fallback->tls != NULL)
		return l->fallback;
	for (size_t i = 0; i < l->nservers; i++)
		if (l->servers[i]->tls != NULL)
			return l->servers[i];
	return NULL;
}

/* RFC 6066 section 3: a list of names, of which the first is the host's. Its
 * form is checked by OpenSSL, behind this. */
static bool
named_host(SSL *ssl, struct str *name)
{
	const unsigned char *p;
	size_t n;

	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &n)
	    != 1 || n < 5 || p[2] != TLSEXT_NAMETYPE_host_name)
		return false;
	*name = (struct str){ (const char *)p + 5,
	    (size_t)p[3] << 8 | p[4] };
	return name->n <= n - 5;
}

/* SNI: the server that was named, when it has a certificate. Chosen before
 * OpenSSL looks for a session to resume, which must be of that server
 * (CVE-2025-23419). */
static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	struct conn *c = SSL_get_app_data(ssl);
	const struct conf_server *server;
	struct str name;

	(void)arg;
	*alert = SSL_AD_INTERNAL_ERROR;
	if (!named_host(ssl, &name))
		return SSL_CLIENT_HELLO_SUCCESS;
	server = route_server(c->listener->conf, name);
	if (server->tls == NULL)
		server = first_server(c->listener->conf);
	/* Who cannot have the right one must not go on with another. */
	if (SSL_set_SSL_CTX(ssl, server->tls) == NULL)
		return SSL_CLIENT_HELLO_ERROR;
	tls_client_ask(c, server);
	c->client.tls_server = server;
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Tells clients that their name counted. */
static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	(void)alert;
	(void)arg;
	return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) == NULL ?
	    SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
}

/* OpenSSL reads on behind such a message, for as long as there are more:
 * nothing is read behind the last. */
static void
on_message(int sent, int version, int type, const void *p, size_t n, SSL *ssl,
    void *arg)
{
	struct conn *c = SSL_get_app_data(ssl);

	(void)version;
	(void)p;
	(void)n;
	(void)arg;
	if (sent || type != SSL3_RT_HANDSHAKE || !c->client.tls)
		return;
	if (++c->tls_messages > MESSAGES_MAX)
		SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

static bool
any_asks(const struct conf *conf)
{
	for (size_t i = 0; i < conf->nservers; i++)
		if (conf->servers[i].client.mode > CONF_CLIENT_OFF)
			return true;
	return false;
}

void
transport_tls_setup(const struct conf *conf)
{
	for (size_t i = 0; i < conf->nservers; i++) {
		SSL_CTX *ctx = conf->servers[i].tls;

		if (ctx == NULL)
			continue;
		SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
		(void)SSL_CTX_set_tlsext_servername_callback(ctx,
		    on_server_name);
		SSL_CTX_set_msg_callback(ctx, on_message);
		tls_tickets_setup(ctx);
		if (any_asks(conf))
			tls_client_setup(ctx);
	}
}

int
transport_tls_open(struct conn *c)
{
	const struct conf_server *first = first_server(c->listener->conf);

	if (first == NULL)
		return -1;
	ERR_clear_error();
	c->tls = SSL_new(first->tls);
	if (c->tls == NULL)
		return -1;
	if (tls_wire_open(c->tls, c->fd) == -1 ||
	    SSL_set_app_data(c->tls, c) != 1) {
		SSL_free(c->tls);
		c->tls = NULL;
		return -1;
	}
	SSL_set_accept_state(c->tls);
	c->client.tls_asked = first;
	return 0;
}

static enum io_result
verdict(struct conn *c, int result)
{
	switch (SSL_get_error(c->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return IO_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return IO_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return IO_EOF;
	default:
		/* Nothing may be sent on it after this, no close_notify. */
		c->tls_broken = true;
		return IO_ERROR;
	}
}

/* Someone speaks plain HTTP here: a method's first letter is no TLS record.
 * The protocol answers, in plain. */
static bool
speaks_plain(struct conn *c, enum io_result *result)
{
	char first;
	ssize_t n = recv(c->fd, &first, 1, MSG_PEEK);

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		*result = IO_WANT_READ;
		return true;
	}
	if (n != 1 || first < 'A' || first > 'Z')
		return false;
	SSL_free(c->tls);
	c->tls = NULL;
	c->transport = &transport_plain;
	*result = IO_OK;
	return true;
}

static enum io_result
tls_handshake(struct conn *c)
{
	enum io_result result;
	int r;

	if (SSL_in_before(c->tls) && speaks_plain(c, &result))
		return result;
	ERR_clear_error();
	r = SSL_do_handshake(c->tls);
	if (r != 1)
		return verdict(c, r);
	c->client.tls = c->client.https = true;
	c->client.tls_protocol = SSL_get_version(c->tls);
	c->client.tls_cipher = SSL_get_cipher_name(c->tls);
	tls_client_take(c);
	return IO_OK;
}

static enum io_result
tls_read(struct conn *c, char *p, size_t n, size_t *got)
{
	int r;

	*got = 0;
	ERR_clear_error();
	r = SSL_read_ex(c->tls, p, n, got);
	if (c->tls_messages > MESSAGES_MAX) {
		c->tls_broken = true;
		return IO_ERROR;
	}
	if (r != 1)
		return verdict(c, r);
	tls_wire_used(c->tls);
	return IO_OK;
}

/*
 * Output and what fits of the span behind it, as one run of bytes: a small
 * head and the beginning of its body share a record. NULL when the file has
 * become shorter.
 */
static const char *
gather(struct conn *c, size_t max, size_t *n)
{
	static char plain[TLS_BATCH_MAX];
	size_t head = buf_len(&c->out), left = c->span.n;
	ssize_t r;

	*n = head < max ? head : max;
	if (left > max - *n)
		left = max - *n;
	if (left == 0)
		return buf_head(&c->out);
	if (head == 0 && c->span.p != NULL) {
		*n = left;
		return c->span.p;
	}
	memcpy(plain, buf_head(&c->out), *n);
	if (c->span.p != NULL) {
		memcpy(plain + *n, c->span.p, left);
		*n += left;
		return plain;
	}
	r = pread(c->span.fd, plain + *n, left, c->span.off);
	if (r <= 0 || (size_t)r < left) {
		conn_file_failed(c, r == -1 ? errno : 0);
		return NULL;
	}
	*n += left;
	return plain;
}

static enum io_result
write_batch(struct conn *c, size_t *sent)
{
	enum io_result r = tls_wire_flush(c->tls, sent);
	const char *p;
	size_t n, done;
	bool good;

	if (r != IO_OK || *sent > 0)
		return r;
	p = gather(c, tls_wire_batch(c->tls), &n);
	if (p == NULL)
		return IO_ERROR;
	if (c->fin_follows && n == buf_len(&c->out) + c->span.n)
		tls_wire_ends(c->tls);
	tls_wire_gather(c->tls);
	ERR_clear_error();
	good = SSL_write_ex(c->tls, p, n, &done) == 1;
	r = tls_wire_send(c->tls, n, sent);
	if (!good)
		r = IO_ERROR;
	/* Nothing may be sent on it after this, no close_notify. */
	c->tls_broken = c->tls_broken || r == IO_ERROR;
	return r;
}

static enum io_result
tls_write(struct conn *c, size_t *sent)
{
	enum io_result r = write_batch(c, sent);

	c->underway = tls_wire_underway(c->tls);
	return r;
}

static bool
tls_pending(const struct conn *c)
{
	return SSL_has_pending(c->tls) == 1;
}

static void
tls_close(struct conn *c, bool orderly)
{
	if (c->tls == NULL)
		return;
	ERR_clear_error();
	tls_wire_ends(c->tls);
	if (orderly && !c->tls_broken && SSL_is_init_finished(c->tls))
		(void)SSL_shutdown(c->tls);
	SSL_free(c->tls);
	c->tls = NULL;
	c->client.cert = NULL;
	ERR_clear_error();
}

const struct transport transport_tls = {
	.name = "tls",
	.handshake = tls_handshake,
	.read = tls_read,
	.write = tls_write,
	.pending = tls_pending,
	.close = tls_close
};
