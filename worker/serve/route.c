/*
 * Which server, which location, which handler.
 */
#include "worker/serve/route.h"

#include <string.h>

#include "common/conf.h"
#include "common/net.h"
#include "worker/http/request.h"
#include "worker/http/uri.h"
#include "worker/serve/cgi.h"
#include "worker/serve/redirect.h"
#include "worker/serve/static.h"
#include "worker/serve/variant.h"

/* An IPv6 address can be written in many ways. */
static bool
same_literal(struct str name, struct str host)
{
	struct net_addr a, b;

	return name.n > 0 && name.p[0] == '[' && host.n > 0 &&
	    host.p[0] == '[' && net_addr_parse(name, 0, &a) == 0 &&
	    net_addr_parse(host, 0, &b) == 0 && net_addr_eq(&a, &b);
}

/* How well a server's name fits a host: 0 not at all, more is better. */
static size_t
name_fits(struct str name, struct str host)
{
	if (str_eqcase(name, host))
		return SIZE_MAX;
	if (name.n > 2 && name.p[0] == '*' && host.n >= name.n) {
		struct str tail = { name.p + 1, name.n - 1 };
		struct str end = { host.p + host.n - tail.n, tail.n };

		return str_eqcase(tail, end) ? name.n : 0;
	}
	return same_literal(name, host) ? SIZE_MAX : 0;
}

const struct conf_server *
route_server(const struct conf_listen *l, struct str host)
{
	const struct conf_server *best = l->fallback;
	size_t best_fit = 0;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < l->nservers; i++) {
		const struct conf_server *s = l->servers[i];

		for (size_t k = 0; k < s->nnames; k++) {
			size_t fit = name_fits(s->names[k], host);

			if (fit > best_fit) {
				best = s;
				best_fit = fit;
			}
		}
	}
	return best;
}

/* A prefix matches whole segments: /app takes /app and /app/x, not /apple. */
static bool
is_prefix(struct str prefix, struct str path)
{
	if (!str_starts(path, prefix))
		return false;
	return path.n == prefix.n || prefix.p[prefix.n - 1] == '/' ||
	    path.p[prefix.n] == '/';
}

/* A name with this end, followed by a path that is for the program it names
 * (RFC 3875 4.1.5). */
static bool
has_script(struct str path, struct str suffix)
{
	const char *p = path.p, *end = path.p + path.n;

	while ((p = memmem(p, (size_t)(end - p), suffix.p, suffix.n)) != NULL) {
		p += suffix.n;
		if (p < end && *p == '/')
			return true;
	}
	return false;
}

static bool
location_matches(const struct conf_location *l, struct str path)
{
	switch (l->match) {
	case CONF_MATCH_EXACT:
		return str_eq(l->path, path);
	case CONF_MATCH_PREFIX:
		return is_prefix(l->path, path);
	case CONF_MATCH_SUFFIX:
		return str_ends(path, l->path) ||
		    (l->cgi.kind != CONF_CGI_OFF && has_script(path, l->path));
	case CONF_MATCH_ALL:
		break;
	}
	return false;
}

/* Exact before suffix before prefix; the longer before the shorter. */
static size_t
location_rank(const struct conf_location *l)
{
	static const size_t kind[] = {
		[CONF_MATCH_PREFIX] = 1,
		[CONF_MATCH_SUFFIX] = 2,
		[CONF_MATCH_EXACT] = 3
	};

	return kind[l->match] << 32 | l->path.n;
}

static const struct conf_location *
find_location(const struct conf_server *s, struct str path, bool suffixes)
{
	const struct conf_location *best = &s->base;
	size_t best_rank = 0;

	for (size_t i = 0; i < s->nlocations; i++) {
		const struct conf_location *l = &s->locations[i];
		size_t rank = location_rank(l);

		if (rank > best_rank && location_matches(l, path) &&
		    (suffixes || l->match != CONF_MATCH_SUFFIX)) {
			best = l;
			best_rank = rank;
		}
	}
	return best;
}

const struct conf_location *
route_location(const struct conf_server *s, struct str path)
{
	return find_location(s, path, true);
}

/* The exact location of a path that more follows behind a slash: what is said
 * of the script there is no less true of it with a path info. */
static const struct conf_location *
find_exact(const struct conf_server *s, struct str path)
{
	const struct conf_location *best = NULL;

	for (size_t i = 0; i < s->nlocations; i++) {
		const struct conf_location *l = &s->locations[i];

		if (l->match == CONF_MATCH_EXACT && path.n > l->path.n &&
		    path.p[l->path.n] == '/' && str_starts(path, l->path) &&
		    (best == NULL || l->path.n > best->path.n))
			best = l;
	}
	return best;
}

/* That of the file whose compressed variant is asked for by its own name, where
 * any of those that have to do with it serves such variants. */
static const struct conf_location *
find_original(const struct request *r)
{
	const struct conf_location *l;
	struct str original;
	enum conf_coding coding = variant_named(r->path, &original);

	if (coding == CONF_CODING_NONE)
		return NULL;
	l = find_location(r->server, original, true);
	return variant_is_served(l, coding) ||
	    variant_is_served(r->location, coding) ||
	    variant_is_served(find_location(r->server, r->path, false),
	    coding) ? l : NULL;
}

static void
find_places(struct request *r)
{
	const struct conf_location *l = r->location, *own;

	own = l->cgi.kind != CONF_CGI_OFF ? find_exact(r->server, r->path) :
	    find_original(r);
	r->place[0] = r->place[1] = NULL;
	if (l->match == CONF_MATCH_SUFFIX ||
	    (own != NULL && own->match == CONF_MATCH_SUFFIX))
		r->place[0] = find_location(r->server, r->path, false);
	if (r->place[0] == l)
		r->place[0] = NULL;
	if (own != l)
		r->place[1] = own;
}

static int
clean_path(struct request *r)
{
	char *path = arena_alloc(&r->arena, r->target.path.n + 1);
	size_t n;
	int status;

	if (path == NULL)
		return 500;
	status = uri_path(r->target.path, path, &n);
	if (status != 0)
		return status;
	/* Files are opened by it: a shortened path must end where it ends. */
	path[n] = '\0';
	r->path = (struct str){ path, n };
	return 0;
}

/* OPTIONS *: what the server as a whole can do. */
static int
options_start(struct request *r)
{
	r->response.allow = ROUTE_METHODS;
	r->response.status = 204;
	return 0;
}

static const struct handler handler_options = { "options", options_start };

int
route_path(struct request *r)
{
	r->location = route_location(r->server, r->path);
	find_places(r);
	if (r->location->answer.redirect.status != 0) {
		r->handler = &handler_redirect;
		return r->head->method == HTTP_TRACE ? 405 : 0;
	}
	if (!r->location->dotfiles && uri_has_dot_segment(r->path))
		return 404;
	r->handler = &handler_static;
	if (r->head->method == HTTP_TRACE)
		return 0;
	if (r->location->cgi.kind != CONF_CGI_OFF)
		r->handler = &handler_cgi;
	/* RFC 3875 4.3: a script may know any method. */
	else if (r->head->method == HTTP_METHOD_OTHER)
		return 501;
	return 0;
}

int
route_request(struct request *r, const struct conf_listen *l)
{
	int status;

	r->server = route_server(l, r->target.host);
	r->location = &r->server->base;
	if (str_eq(r->target.path, STR("*"))) {
		r->handler = &handler_options;
		return 0;
	}
	status = clean_path(r);
	return status != 0 ? status : route_path(r);
}
