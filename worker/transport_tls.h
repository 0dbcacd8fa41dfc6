/*
 * transport_tls: what the TLS transport needs beyond the table of transport.h.
 */
#ifndef WORKER_TRANSPORT_TLS_H
#define WORKER_TRANSPORT_TLS_H

struct conf;
struct conn;

/* Once per process: names sent by clients choose among conf's servers. */
void	transport_tls_setup(const struct conf *conf);
/* Prepares a TLS session on c. 0, or -1. */
int	transport_tls_open(struct conn *c);

#endif
