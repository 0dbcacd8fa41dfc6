/*
 * cgi_cert: what a script is told of its client's certificate.
 */
#ifndef WORKER_SERVE_CGI_CERT_H
#define WORKER_SERVE_CGI_CERT_H

struct cgi_env;

/*
 * Where clients are asked for a certificate: SSL_CLIENT_VERIFY, and, of one
 * that is good, the rest; the names are those of Apache's mod_ssl. Nothing of a
 * certificate that anybody could have made gets to a script that may not look
 * at SSL_CLIENT_VERIFY.
 */
void	cgi_cert_add(struct cgi_env *e);

#endif
