/* Which transport a connection has. */
#include "worker/transport.h"

#include "common/conf.h"
#include "worker/conn.h"
#include "worker/transport_tls.h"
#include "worker/worker.h"

int
transport_open(struct conn *c)
{
	if (!c->listener->conf->tls) {
		c->transport = &transport_plain;
		return 0;
	}
	c->transport = &transport_tls;
	return transport_tls_open(c);
}
