/*
 * cgi_env: the environment of a script.
 *
 * Called by cgi just before a script is started.
 */
#include "worker/serve/cgi_env.h"

#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_cert.h"
#include "worker/serve/cgi_fields.h"
#include "worker/serve/cgi_find.h"
#include "worker/serve/route.h"

#define VARIABLES	40	/* not made from fields, at most */

/* Does the location's env set this variable? */
static bool
is_configured(const struct cgi_env *e, const char *name)
{
	const struct conf_cgi *cgi = &e->r->location->cgi;
	size_t i, n;

	n = strlen(name);
	for (i = 0; i < cgi->nenv; i++) {
		if (strncmp(cgi->env[i], name, n) == 0 &&
		    cgi->env[i][n] == '=')
			return true;
	}
	return false;
}

void
cgi_env_add(struct cgi_env *e, const char *name, struct str value)
{
	size_t n;
	char *p;

	if (is_configured(e, name))
		return;
	n = strlen(name);
	p = arena_alloc(&e->r->arena, n + value.n + 2);
	if (p == NULL) {
		e->failed = true;
		return;
	}
	memcpy(p, name, n);
	p[n] = '=';
	if (value.n > 0)
		memcpy(p + n + 1, value.p, value.n);
	e->v[e->n++] = p;
}

static void
add_text(struct cgi_env *e, const char *name, const char *value)
{
	if (value != NULL)
		cgi_env_add(e, name, str_from(value));
}

static void
add_number(struct cgi_env *e, const char *name, uint64_t value)
{
	char digits[20];
	size_t n = str_put_u64(digits, value);

	cgi_env_add(e, name, (struct str){ digits, n });
}

/* RFC 3875 4.1.15. A UNIX socket has none, and behind a proxy ours is not the
 * one: then it is the one that the client believes in. */
static uint64_t
server_port(const struct request *r)
{
	uint64_t port = net_addr_port(&r->client->local);

	if (r->client->local.family != AF_UNIX && !r->client->forwarded)
		return port;
	if (str_u64(r->target.port, UINT16_MAX, &port) == 0)
		return port;
	return r->client->https ? 443 : 80;
}

/* RFC 3875 4.1.14: the name the client used, or else our address. */
static void
add_server(struct cgi_env *e)
{
	const struct request *r = e->r;
	const struct net_addr *local = &r->client->local;
	char text[NET_ADDR_TEXT + 2];

	text[0] = '[';
	(void)net_addr_host(local, text + 1);
	add_text(e, "SERVER_ADDR", text + 1);
	if (r->target.host.n > 0) {
		cgi_env_add(e, "SERVER_NAME", r->target.host);
	} else if (local->family == AF_UNIX) {
		add_text(e, "SERVER_NAME", "localhost");
	} else if (strchr(text + 1, ':') == NULL) {
		add_text(e, "SERVER_NAME", text + 1);
	} else {
		(void)strlcat(text, "]", sizeof(text));
		add_text(e, "SERVER_NAME", text);
	}
	add_number(e, "SERVER_PORT", server_port(r));
	add_text(e, "SERVER_SOFTWARE", "pyked");
	add_text(e, "SERVER_PROTOCOL",
	    r->head->version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
	add_text(e, "GATEWAY_INTERFACE", "CGI/1.1");
	add_text(e, "DOCUMENT_ROOT", r->location->root->path);
	add_text(e, "PATH", "/usr/local/bin:/usr/bin:/bin");
}

static void
add_client(struct cgi_env *e)
{
	const struct client_info *client = e->r->client;
	char text[NET_ADDR_TEXT];

	(void)net_addr_host(&client->peer, text);
	add_text(e, "REMOTE_ADDR", text);
	/* RFC 3875 4.1.9: the address stands in for a name that nobody
	 * waits for. */
	add_text(e, "REMOTE_HOST", text);
	if (client->peer.family != AF_UNIX)
		add_number(e, "REMOTE_PORT", net_addr_port(&client->peer));
	add_text(e, "REQUEST_SCHEME", client->https ? "https" : "http");
	/* RFC 3875 4.1.1 and 4.1.11. */
	if (e->r->user != NULL) {
		add_text(e, "AUTH_TYPE", "Basic");
		add_text(e, "REMOTE_USER", e->r->user);
	}
	if (client->https)
		add_text(e, "HTTPS", "on");
	if (!client->tls)
		return;
	add_text(e, "SSL_PROTOCOL", client->tls_protocol);
	add_text(e, "SSL_CIPHER", client->tls_cipher);
	cgi_cert_add(e);
}

/* The path as it was sent: of an absolute-form, too, only the path. */
static void
add_uri(struct cgi_env *e)
{
	const struct http_target *t = &e->r->target;
	size_t n = t->path.n;
	char *uri;

	uri = arena_alloc(&e->r->arena, n + t->query.n + 1);
	if (uri == NULL) {
		e->failed = true;
		return;
	}
	memcpy(uri, t->path.p, n);
	if (t->has_query)
		uri[n++] = '?';
	if (t->query.n > 0)
		memcpy(uri + n, t->query.p, t->query.n);
	cgi_env_add(e, "REQUEST_URI",
	    (struct str){ uri, n + t->query.n });
	cgi_env_add(e, "QUERY_STRING", t->query);
}

/* RFC 3875 4.1.6: the file that the path info would name as a path of this
 * server. */
static void
add_translated(struct cgi_env *e, struct str path)
{
	const struct conf_location *l = route_location(e->r->server, path);
	bool scripts = l->cgi.kind == CONF_CGI_DIR;
	struct str dir = str_from((scripts ? l->cgi.dir : l->root)->path);
	size_t skip = scripts ? cgi_find_prefix(l, path) : 1;
	char *file;

	if (dir.n > 0 && dir.p[dir.n - 1] == '/')
		dir.n--;
	path = (struct str){ path.p + skip, path.n - skip };
	file = arena_alloc(&e->r->arena, dir.n + 1 + path.n);
	if (file == NULL) {
		e->failed = true;
		return;
	}
	memcpy(file, dir.p, dir.n);
	file[dir.n] = '/';
	memcpy(file + dir.n + 1, path.p, path.n);
	cgi_env_add(e, "PATH_TRANSLATED", (struct str){ file,
	    dir.n + 1 + path.n });
}

static void
add_path_info(struct cgi_env *e, const struct cgi_target *t)
{
	if (t->path_info.n == 0)
		return;
	cgi_env_add(e, "PATH_INFO", t->path_info);
	add_translated(e, t->path_info);
}

/* What a script sent on to another path asks for that alone. */
static struct str
method(const struct request *r)
{
	if (r->redirects == 0)
		return r->head->method_name;
	return r->head->method == HTTP_HEAD ? STR("HEAD") : STR("GET");
}

static void
add_request(struct cgi_env *e, const struct cgi_target *t, uint64_t length)
{
	const struct request *r = e->r;

	cgi_env_add(e, "REQUEST_METHOD", method(r));
	add_text(e, "REQUEST_ID", request_id(e->r));
	add_uri(e);
	cgi_env_add(e, "SCRIPT_NAME", t->script_name);
	add_text(e, "SCRIPT_FILENAME", t->filename);
	add_path_info(e, t);
	/* RFC 3875 4.1.2: only with a body; one of no bytes is one. */
	if (r->framing.chunked || r->framing.has_length)
		add_number(e, "CONTENT_LENGTH", length);
	if (r->redirects == 0 &&
	    http_field(r->head, FIELD_CONTENT_TYPE) != NULL)
		cgi_env_add(e, "CONTENT_TYPE",
		    http_field_value(r->head, FIELD_CONTENT_TYPE));
	/* php-cgi runs nothing without it. */
	if (t->interpreter != NULL)
		add_text(e, "REDIRECT_STATUS", "200");
}

char **
cgi_env(struct request *r, const struct cgi_target *t, uint64_t length)
{
	const struct conf_cgi *cgi = &r->location->cgi;
	struct cgi_env e = { .r = r };
	size_t i;

	e.v = arena_alloc(&r->arena, (VARIABLES + r->head->nfields +
	    cgi->nenv + 1) * sizeof(*e.v));
	if (e.v == NULL)
		return NULL;
	add_server(&e);
	add_client(&e);
	add_request(&e, t, length);
	cgi_fields_add(&e);
	for (i = 0; i < cgi->nenv; i++) {
		e.v[e.n] = arena_strdup(&r->arena, str_from(cgi->env[i]));
		if (e.v[e.n++] == NULL)
			e.failed = true;
	}
	return e.failed ? NULL : e.v;
}
