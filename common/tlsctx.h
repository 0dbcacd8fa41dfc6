/*
 * tlsctx: from certificates, keys and settings to an SSL_CTX.
 *
 * The only file that touches private keys: they are to move into a process of
 * their own, and nothing else may have to change then.
 */
#ifndef COMMON_TLSCTX_H
#define COMMON_TLSCTX_H

struct conf;
struct conf_errors;
struct conf_listen;
struct conf_server;
struct ssl_ctx_st;

/*
 * Loads and checks a server's certificates and keys (that each key fits, that
 * the protocols and ciphers are known) and gives server->tls. Every failure is
 * added to errors with the certificate's place and a cure: 0 or -1.
 */
int	tlsctx_load(struct conf_server *server, const struct conf *conf,
	    struct conf_errors *errors);
void	tlsctx_free(struct ssl_ctx_st *ctx);

#endif
