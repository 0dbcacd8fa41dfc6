/*
 * client_cert: requests to servers that ask clients for a certificate.
 */
#ifndef WORKER_SERVE_CLIENT_CERT_H
#define WORKER_SERVE_CLIENT_CERT_H

struct request;

/*
 * RFC 9110 15.5.20: 421 for a request to a server that asks, on a connection
 * where that was not asked for which it wants to know, or by other authorities;
 * or 0.
 */
int	client_cert_gate_asked(struct request *r);
/* 403 for who has none that is good, where it is required; or 0. */
int	client_cert_gate(struct request *r);

#endif
