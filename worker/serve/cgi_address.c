/*
 * A request out of its words: written down, and read as any other.
 */
#include "worker/serve/cgi_address.h"

#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/route.h"

/* scheme://authority/path?query, of which the path is enough. */
struct address {
	bool tls;
	struct str authority;
	const char *target;
};

static void
split(const char *url, struct address *a)
{
	/* A query may have one as well. */
	const char *rest = *url == '/' ? NULL : strstr(url, "://");

	*a = (struct address){ .authority = STR("localhost") };
	a->target = url;
	if (rest == NULL)
		return;
	a->tls = strncmp(url, "https", 5) == 0;
	a->authority.p = rest + 3;
	a->authority.n = strcspn(rest + 3, "/?");
	a->target = rest + 3 + a->authority.n;
}

/* The listener that the address reaches: of that port, of its kind, any. */
static const struct conf_listen *
find_listen(const struct conf *conf, const struct address *a)
{
	const struct conf_listen *best = &conf->listens[0];
	const char *colon = memrchr(a->authority.p, ':', a->authority.n);
	uint64_t port = 0;
	size_t i;

	if (colon != NULL)
		(void)str_u64((struct str){ colon + 1, (size_t)
		    (a->authority.p + a->authority.n - colon - 1) }, 65535,
		    &port);
	for (i = 0; i < conf->nlistens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		if (port != 0 && net_addr_port(&l->addr) == port)
			return l;
		if (l->tls == a->tls && best->tls != a->tls)
			best = l;
	}
	return best;
}

/* 0, or the status that says what is wrong with it. */
static int
read_request(struct request *r, const char *text)
{
	const struct http_parse_limits limits = { r->conf->limits.header_size,
	    r->conf->limits.fields };
	size_t scanned = 0, used;
	int status = 0;

	if (http_parse(text, strlen(text), &limits, &scanned, r->head, &used,
	    &status) != HTTP_PARSE_COMPLETE)
		return status == 0 ? 400 : status;
	status = http_framing(r->head, &r->framing);
	return status != 0 ? status : http_target(r->head, &r->target);
}

static const char *
write_request(struct request *r, const struct address *a, const char *body)
{
	const char *fields = "";

	if (body != NULL)
		fields = arena_printf(&r->arena, "Content-Type: "
		    "application/x-www-form-urlencoded\r\n"
		    "Content-Length: %zu\r\n", strlen(body));
	if (fields == NULL)
		return NULL;
	return arena_printf(&r->arena, "%s %s%s HTTP/1.1\r\nHost: %.*s\r\n"
	    "User-Agent: pyked cgi\r\n%s\r\n", body == NULL ? "GET" : "POST",
	    *a->target == '/' ? "" : "/", a->target, (int)a->authority.n,
	    a->authority.p, fields);
}

static void
fill_client(struct client_info *client, const struct conf_listen *l)
{
	*client = (struct client_info){ .tls = l->tls, .https = l->tls };
	(void)net_addr_parse(STR("127.0.0.1"), 0, &client->peer);
	(void)net_addr_parse(STR("127.0.0.1"), net_addr_port(&l->addr),
	    &client->local);
	client->tls_protocol = l->tls ? "TLSv1.3" : NULL;
	client->tls_cipher = l->tls ? "TLS_AES_256_GCM_SHA384" : NULL;
}

struct request *
cgi_address_request(const struct conf *conf, const char *url,
    const char *body, struct client_info *client)
{
	struct address a;
	struct request *r = request_new();
	const struct conf_listen *l;
	const char *text;
	int status = 503;

	split(url, &a);
	l = find_listen(conf, &a);
	if (r == NULL)
		return NULL;
	r->conf = conf;
	r->client = client;
	r->started = clock_wall();
	fill_client(client, l);
	text = write_request(r, &a, body);
	if (text != NULL)
		status = read_request(r, text);
	if (status == 0)
		status = route_request(r, l);
	if (status == 0)
		return r;
	(void)fprintf(stderr, "pyked: %s: this address is answered with %d\n",
	    url, status);
	request_free(r);
	return NULL;
}
