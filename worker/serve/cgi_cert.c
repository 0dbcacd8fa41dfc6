/* The client's certificate, as variables. */
#include "worker/serve/cgi_cert.h"

#include "common/buf.h"
#include "common/conf.h"
#include "common/tlsclient.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_env.h"

static void
add_part(struct cgi_env *e, const char *name, enum tlsclient_part part)
{
	struct buf text = { 0 };

	if (tlsclient_put(e->r->client->cert, part, &text) == 0)
		cgi_env_add(e, name, buf_str(&text));
	else
		e->failed = true;
	buf_free(&text);
}

static void
add_failure(struct cgi_env *e, const char *reason)
{
	const char *text = arena_printf(&e->r->arena, "FAILED:%s", reason);

	if (text == NULL)
		e->failed = true;
	else
		cgi_env_add(e, "SSL_CLIENT_VERIFY", str_from(text));
}

void
cgi_cert_add(struct cgi_env *e)
{
	static const struct {
		const char *name;
		enum tlsclient_part part;
	} parts[] = {
		{ "SSL_CLIENT_S_DN", TLSCLIENT_SUBJECT },
		{ "SSL_CLIENT_I_DN", TLSCLIENT_ISSUER },
		{ "SSL_CLIENT_M_SERIAL", TLSCLIENT_SERIAL },
		{ "SSL_CLIENT_V_START", TLSCLIENT_START },
		{ "SSL_CLIENT_V_END", TLSCLIENT_END },
		{ "SSL_CLIENT_CERT", TLSCLIENT_PEM },
	};
	const struct client_info *client = e->r->client;

	if (e->r->server->client.mode <= CONF_CLIENT_OFF)
		return;
	if (client->cert_wrong != NULL) {
		add_failure(e, client->cert_wrong);
	} else if (client->cert == NULL) {
		cgi_env_add(e, "SSL_CLIENT_VERIFY", STR("NONE"));
	} else {
		cgi_env_add(e, "SSL_CLIENT_VERIFY", STR("SUCCESS"));
		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
			add_part(e, parts[i].name, parts[i].part);
	}
}
