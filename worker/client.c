/* Clients behind proxies. */
#include "worker/client.h"

#include "worker/conn.h"
#include "worker/http/forwarded.h"

int
client_of_request(const struct conn *c, struct request *r)
{
	struct client_info *client;
	struct forwarded said;
	int status = forwarded_read(r->conf, c->forwarder, r->head, &said);

	if (status != 0 || (!said.known && said.scheme == FORWARDED_UNSAID))
		return status;
	client = arena_alloc(&r->arena, sizeof(*client));
	if (client == NULL)
		return 500;
	*client = c->client;
	client->forwarded = true;
	client->named = said.known;
	if (said.known)
		client->peer = said.peer;
	if (said.scheme != FORWARDED_UNSAID)
		client->https = said.scheme == FORWARDED_HTTPS;
	r->client = client;
	return 0;
}
