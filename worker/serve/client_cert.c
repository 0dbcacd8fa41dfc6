/*
 * Who has no certificate, or a wrong one, gets an answer that says so. The
 * connection ends with it: on the next one a browser may choose another.
 */
#include "worker/serve/client_cert.h"

#include <stdbool.h>
#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"

static bool
asks(const struct conf_server *s)
{
	return s->client.mode > CONF_CLIENT_OFF;
}

int
client_cert_gate_asked(struct request *r)
{
	const struct conf_server *asked = r->client->tls_asked;

	if (!asks(r->server) || !r->client->tls || asked == r->server)
		return 0;
	return asks(asked) && strcmp(asked->client.path,
	    r->server->client.path) == 0 ? 0 : 421;
}

int
client_cert_gate(struct request *r)
{
	const struct client_info *client = r->client;
	struct response *res = &r->response;

	if (r->server->client.mode != CONF_CLIENT_REQUIRED ||
	    client->cert != NULL)
		return 0;
	res->close = true;
	if (!client->tls)
		res->why = "This page is to be had over https alone, with a "
		    "certificate.";
	else if (client->cert_wrong == NULL)
		res->why = "This page is for those who have a certificate, "
		    "and your browser sent none.";
	else
		res->why = arena_printf(&r->arena, "The certificate that your "
		    "browser sent is not good for this page: %s.",
		    client->cert_wrong);
	return 403;
}
