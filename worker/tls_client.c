/*
 * A certificate is looked at once, in the handshake that begins a session, and
 * goes with the session from one ticket to the next. So a ticket says that what
 * it carries was found good, and one whose certificate is not, or has expired
 * since, or that has none where one is required, begins no connection: a full
 * handshake asks again.
 */
#include "worker/tls_client.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/conf.h"
#include "worker/conn.h"

static const char good_mark[] = "good";

/* As who is the client asked? */
static const struct conf_client *
asked(SSL *ssl)
{
	const struct conn *c = SSL_get_app_data(ssl);

	return &c->client.tls_asked->client;
}

/* 0 ends the connection. */
static int
on_give(SSL *ssl, void *arg)
{
	(void)arg;
	if (asked(ssl)->mode <= CONF_CLIENT_OFF ||
	    SSL_get0_peer_certificate(ssl) == NULL ||
	    SSL_get_verify_result(ssl) != X509_V_OK)
		return 1;
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), good_mark,
	    sizeof(good_mark));
}

static bool
is_marked(SSL_SESSION *session)
{
	void *p = NULL;
	size_t n = 0;

	return SSL_SESSION_get0_ticket_appdata(session, &p, &n) == 1 &&
	    n == sizeof(good_mark) && memcmp(p, good_mark, n) == 0;
}

static bool
may_go_on(SSL_SESSION *session, const struct conf_client *conf)
{
	const X509 *x = SSL_SESSION_get0_peer(session);

	if (x == NULL)
		return conf->mode != CONF_CLIENT_REQUIRED;
	return is_marked(session) &&
	    X509_cmp_current_time(X509_get0_notBefore(x)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
}

static SSL_TICKET_RETURN
on_take(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t n,
    SSL_TICKET_STATUS status, void *arg)
{
	const struct conf_client *conf = asked(ssl);

	(void)name;
	(void)n;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (conf->mode > CONF_CLIENT_OFF && !may_go_on(session, conf))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE :
	    SSL_TICKET_RETURN_USE_RENEW;
}

void
tls_client_setup(struct ssl_ctx_st *ctx)
{
	(void)SSL_CTX_set_session_ticket_cb(ctx, on_give, on_take, NULL);
}

/* With a context come its certificates and authorities, but not whether it
 * asks, nor how much may be sent. */
void
tls_client_ask(struct conn *c, const struct conf_server *server)
{
	c->client.tls_asked = server;
	SSL_set_verify(c->tls, SSL_CTX_get_verify_mode(server->tls),
	    SSL_CTX_get_verify_callback(server->tls));
	SSL_set_max_cert_list(c->tls, SSL_CTX_get_max_cert_list(server->tls));
}

void
tls_client_take(struct conn *c)
{
	const X509 *x;
	long result;

	if (c->client.tls_asked->client.mode <= CONF_CLIENT_OFF)
		return;
	x = SSL_get0_peer_certificate(c->tls);
	result = SSL_get_verify_result(c->tls);
	if (x == NULL)
		return;
	if (result == X509_V_OK)
		c->client.cert = x;
	else
		c->client.cert_wrong = X509_verify_cert_error_string(result);
}
