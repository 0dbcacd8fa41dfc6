/*
 * tls_tickets: session tickets, written and read with the keys that the master
 * or a file has.
 */
#ifndef WORKER_TLS_TICKETS_H
#define WORKER_TLS_TICKETS_H

struct conf;
struct ssl_ctx_st;
struct tickets;

/* Whose keys are used from here on; both borrowed, process. */
void	tls_tickets_open(const struct conf *conf,
	    const struct tickets *shared);
/* Makes ctx use them. */
void	tls_tickets_setup(struct ssl_ctx_st *ctx);

#endif
