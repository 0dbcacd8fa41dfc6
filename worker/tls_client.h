/*
 * tls_client: certificates of clients, as a connection has them.
 */
#ifndef WORKER_TLS_CLIENT_H
#define WORKER_TLS_CLIENT_H

struct conf_server;
struct conn;
struct ssl_ctx_st;

/* Lets sessions that carry a certificate be resumed only while it is good; for
 * every context of a configuration in which any server asks for one. */
void	tls_client_setup(struct ssl_ctx_st *ctx);
/* In the handshake, from here on: c's client is asked as server wants it. */
void	tls_client_ask(struct conn *c, const struct conf_server *server);
/* Behind the handshake: what c's client has is kept in c->client. */
void	tls_client_take(struct conn *c);

#endif
