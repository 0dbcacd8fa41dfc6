/*
 * cgi_env: the environment of a script.
 *
 * Called by cgi just before a script is started.
 */
#include "worker/serve/cgi_env.h"

#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_find.h"

#define VARIABLES	32	/* not made from fields, at most */

struct env {
	struct request *r;		/* borrowed */
	char **v;			/* in the request's arena */
	size_t n;
	bool failed;			/* memory was short */
};

/*
 * Never told to a script: what belongs to the connection, not to the message;
 * what has a variable of its own; and Proxy, whose variable HTTP_PROXY
 * libraries take for a setting ("httpoxy"). Authorization is the
 * configuration's choice.
 */
static const bool hidden[FIELD_IDS] = {
	[FIELD_CONNECTION] = true,
	[FIELD_CONTENT_LENGTH] = true,
	[FIELD_CONTENT_TYPE] = true,
	[FIELD_EXPECT] = true,
	[FIELD_KEEP_ALIVE] = true,
	[FIELD_PROXY] = true,
	[FIELD_TE] = true,
	[FIELD_TRAILER] = true,
	[FIELD_TRANSFER_ENCODING] = true,
	[FIELD_UPGRADE] = true
};

/* What a client tells a proxy, password included, is not for scripts. */
static const char *const hidden_names[] = {
	"Proxy-Authorization", "Proxy-Connection"
};

/* Does the location's env set this variable? */
static bool
is_configured(const struct env *e, const char *name)
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

static void
add(struct env *e, const char *name, struct str value)
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
add_text(struct env *e, const char *name, const char *value)
{
	if (value != NULL)
		add(e, name, str_from(value));
}

static void
add_number(struct env *e, const char *name, uint64_t value)
{
	char digits[20];

	add(e, name, (struct str){ digits, str_put_u64(digits, value) });
}

/* RFC 3875 4.1.15. A UNIX socket has none: then it is the one that the client
 * believes in. */
static uint64_t
server_port(const struct request *r)
{
	uint64_t port = net_addr_port(&r->client->local);

	if (r->client->local.family != AF_UNIX)
		return port;
	if (str_u64(r->target.port, UINT16_MAX, &port) == 0)
		return port;
	return r->client->tls ? 443 : 80;
}

/* RFC 3875 4.1.14: the name the client used, or else our address. */
static void
add_server(struct env *e)
{
	const struct request *r = e->r;
	const struct net_addr *local = &r->client->local;
	char text[NET_ADDR_TEXT + 2];

	text[0] = '[';
	(void)net_addr_host(local, text + 1);
	add_text(e, "SERVER_ADDR", text + 1);
	if (r->target.host.n > 0) {
		add(e, "SERVER_NAME", r->target.host);
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
add_client(struct env *e)
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
	add_text(e, "REQUEST_SCHEME", client->tls ? "https" : "http");
	/* RFC 3875 4.1.1 and 4.1.11. */
	if (e->r->user != NULL) {
		add_text(e, "AUTH_TYPE", "Basic");
		add_text(e, "REMOTE_USER", e->r->user);
	}
	if (!client->tls)
		return;
	add_text(e, "HTTPS", "on");
	add_text(e, "SSL_PROTOCOL", client->tls_protocol);
	add_text(e, "SSL_CIPHER", client->tls_cipher);
}

/* The path as it was sent: of an absolute-form, too, only the path. */
static void
add_uri(struct env *e)
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
	add(e, "REQUEST_URI", (struct str){ uri, n + t->query.n });
	add(e, "QUERY_STRING", t->query);
}

/* RFC 3875 4.1.6: the path info as if it were a path below the root. */
static void
add_path_info(struct env *e, const struct cgi_target *t)
{
	const char *root = e->r->location->root->path;
	char *translated;
	size_t n;

	if (t->path_info.n == 0)
		return;
	n = strlen(root);
	if (n > 0 && root[n - 1] == '/')
		n--;
	translated = arena_alloc(&e->r->arena, n + t->path_info.n);
	if (translated == NULL) {
		e->failed = true;
		return;
	}
	memcpy(translated, root, n);
	memcpy(translated + n, t->path_info.p, t->path_info.n);
	add(e, "PATH_INFO", t->path_info);
	add(e, "PATH_TRANSLATED", (struct str){ translated,
	    n + t->path_info.n });
}

static void
add_request(struct env *e, const struct cgi_target *t, uint64_t length)
{
	const struct request *r = e->r;

	add(e, "REQUEST_METHOD", r->head->method_name);
	add_uri(e);
	add(e, "SCRIPT_NAME", t->script_name);
	add_text(e, "SCRIPT_FILENAME", t->filename);
	add_path_info(e, t);
	/* RFC 3875 4.1.2: only with a body; one of no bytes is one. */
	if (r->framing.chunked || r->framing.has_length)
		add_number(e, "CONTENT_LENGTH", length);
	if (http_field(r->head, FIELD_CONTENT_TYPE) != NULL)
		add(e, "CONTENT_TYPE",
		    http_field_value(r->head, FIELD_CONTENT_TYPE));
	/* php-cgi runs nothing without it. */
	if (t->interpreter != NULL)
		add_text(e, "REDIRECT_STATUS", "200");
}

/*
 * Names with other characters are dropped: X_Forwarded_For would become the
 * same variable as X-Forwarded-For, and whoever sends it would win.
 */
static bool
is_plain_name(struct str name)
{
	size_t i;
	char c;

	for (i = 0; i < name.n; i++) {
		c = ascii_lower(name.p[i]);
		if (!ascii_digit(c) && c != '-' && (c < 'a' || c > 'z'))
			return false;
	}
	return name.n > 0;
}

static bool
is_hidden(const struct env *e, const struct http_field *f)
{
	size_t i;

	if (f->id == FIELD_AUTHORIZATION)
		return !e->r->location->cgi.authorization;
	for (i = 0; i < sizeof(hidden_names) / sizeof(hidden_names[0]); i++) {
		if (str_eqcase(f->name, str_from(hidden_names[i])))
			return true;
	}
	return hidden[f->id] || !is_plain_name(f->name);
}

/* "HTTP_ACCEPT_LANGUAGE" of "Accept-Language". */
static const char *
variable_name(struct env *e, struct str field)
{
	char *name;
	size_t i;
	char c;

	name = arena_alloc(&e->r->arena, field.n + sizeof("HTTP_"));
	if (name == NULL)
		return NULL;
	memcpy(name, "HTTP_", 5);
	for (i = 0; i < field.n; i++) {
		c = ascii_lower(field.p[i]);
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		name[5 + i] = c == '-' ? '_' : c;
	}
	return name;
}

/* All values of the field at index first, joined (RFC 9110 5.3; cookies by
 * RFC 6265 5.4). An empty str without memory. */
static struct str
joined_value(struct env *e, size_t first)
{
	const struct http_head *head = e->r->head;
	const struct http_field *f = &head->field[first];
	const char *between = f->id == FIELD_COOKIE ? "; " : ", ";
	char *p;
	size_t i, n;

	for (i = first, n = 0; i < head->nfields; i++) {
		if (str_eqcase(head->field[i].name, f->name))
			n += head->field[i].value.n + 2;
	}
	p = arena_alloc(&e->r->arena, n);
	if (p == NULL) {
		e->failed = true;
		return STR("");
	}
	for (i = first, n = 0; i < head->nfields; i++) {
		if (!str_eqcase(head->field[i].name, f->name))
			continue;
		if (i != first) {
			memcpy(p + n, between, 2);
			n += 2;
		}
		memcpy(p + n, head->field[i].value.p, head->field[i].value.n);
		n += head->field[i].value.n;
	}
	return (struct str){ p, n };
}

/* 1 when a field of this name came before, 2 when another follows, else 0. */
static unsigned
repeated(const struct http_head *head, size_t at)
{
	size_t i;

	for (i = 0; i < head->nfields; i++) {
		if (i != at &&
		    str_eqcase(head->field[i].name, head->field[at].name))
			return i < at ? 1 : 2;
	}
	return 0;
}

static void
add_fields(struct env *e)
{
	const struct http_head *head = e->r->head;
	const char *name;
	unsigned again;
	size_t i;

	for (i = 0; i < head->nfields; i++) {
		if (is_hidden(e, &head->field[i]))
			continue;
		again = repeated(head, i);
		if (again == 1)
			continue;
		name = variable_name(e, head->field[i].name);
		if (name == NULL) {
			e->failed = true;
			return;
		}
		add(e, name, again == 0 ? head->field[i].value :
		    joined_value(e, i));
	}
}

char **
cgi_env(struct request *r, const struct cgi_target *t, uint64_t length)
{
	const struct conf_cgi *cgi = &r->location->cgi;
	struct env e = { .r = r };
	size_t i;

	e.v = arena_alloc(&r->arena, (VARIABLES + r->head->nfields +
	    cgi->nenv + 1) * sizeof(*e.v));
	if (e.v == NULL)
		return NULL;
	add_server(&e);
	add_client(&e);
	add_request(&e, t, length);
	add_fields(&e);
	for (i = 0; i < cgi->nenv; i++) {
		e.v[e.n] = arena_strdup(&r->arena, str_from(cgi->env[i]));
		if (e.v[e.n++] == NULL)
			e.failed = true;
	}
	return e.failed ? NULL : e.v;
}
