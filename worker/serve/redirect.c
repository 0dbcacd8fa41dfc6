/*
 * Redirects: `redirect` and `https only` of a configuration.
 */
#include "worker/serve/redirect.h"

#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/http/uri.h"

#define PORT_HTTPS	443

/* --- by https --- */

int
redirect_to_tls(struct request *r, uint16_t port)
{
	const struct http_target *t = &r->target;
	char suffix[8] = "";

	if (t->host.n == 0 || t->path.p[0] != '/' || port == 0)
		return 400;
	if (port != PORT_HTTPS)
		(void)snprintf(suffix, sizeof(suffix), ":%u", (unsigned)port);
	r->response.location = arena_printf(&r->arena,
	    "https://%.*s%s%.*s%s%.*s", (int)t->host.n, t->host.p, suffix,
	    (int)t->path.n, t->path.p, t->has_query ? "?" : "",
	    (int)t->query.n, t->query.p);
	return r->response.location == NULL ? 500 : 308;
}

/* --- to anywhere --- */

/* What the block that says `redirect` leaves of a path that it matched. */
static struct str
rest_of(const struct request *r)
{
	const struct conf_redirect *to = &r->location->answer.redirect;

	return (struct str){ r->path.p + to->skip,
	    r->path.n - to->skip - to->cut };
}

static size_t
room_for(const struct conf_redirect *to, struct str rest, struct str query)
{
	size_t n = 1;

	for (size_t i = 0; i < to->npieces; i++)
		n += to->piece[i].kind == CONF_PIECE_REST ? 3 * rest.n :
		    to->piece[i].kind == CONF_PIECE_QUERY ? query.n :
		    to->piece[i].text.n;
	return n;
}

static size_t
put_rest(char *out, size_t n, struct str rest)
{
	/* Two slashes in a row would name a host at the front, and are one
	 * anywhere else. */
	if (rest.n > 0 && rest.p[0] == '/' && n > 0 && out[n - 1] == '/') {
		rest.p++;
		rest.n--;
	}
	return n + uri_encode(rest, out + n);
}

/* As it was sent; without one its "?" or "&" goes, too. */
static size_t
put_query(char *out, size_t n, struct str query)
{
	if (query.n == 0)
		return n - (n > 0 && (out[n - 1] == '?' || out[n - 1] == '&'));
	memcpy(out + n, query.p, query.n);
	return n + query.n;
}

static int
redirect_start(struct request *r)
{
	const struct conf_redirect *to = &r->location->answer.redirect;
	struct str rest = rest_of(r), query = r->target.query;
	char *out = arena_alloc(&r->arena, room_for(to, rest, query));
	size_t n = 0;

	if (out == NULL)
		return 500;
	for (size_t i = 0; i < to->npieces; i++) {
		const struct conf_piece *piece = &to->piece[i];

		if (piece->kind == CONF_PIECE_REST) {
			n = put_rest(out, n, rest);
		} else if (piece->kind == CONF_PIECE_QUERY) {
			n = put_query(out, n, query);
		} else {
			memcpy(out + n, piece->text.p, piece->text.n);
			n += piece->text.n;
		}
	}
	out[n] = '\0';
	/* Where little is left of a path, what follows it may bring a second
	 * slash, and what comes behind two is a host. */
	while (out[0] == '/' && out[1] == '/')
		out++;
	r->response.location = out;
	return to->status;
}

const struct handler handler_redirect = { "redirect", redirect_start };
