/* The hops of a request. */
#include "worker/http/forwarded.h"

#include <string.h>

#include "common/conf_trust.h"
#include "worker/http/parse.h"

/* What one proxy said; the oldest go when there are too many. */
struct hop {
	struct str by;			/* for=, or an element */
	struct str proto;
};

struct hops {
	struct hop hop[FORWARDED_HOPS];
	size_t n;
};

static void
add_hop(struct hops *h, struct str by, struct str proto)
{
	if (h->n == FORWARDED_HOPS)
		memmove(h->hop, h->hop + 1, --h->n * sizeof(h->hop[0]));
	h->hop[h->n++] = (struct hop){ by, proto };
}

/* --- addresses --- */

static bool
read_port(struct str text, uint16_t *port)
{
	uint64_t n;

	/* RFC 7239 6.3: "_" and a name hide a port. */
	*port = 0;
	if (text.n > 1 && text.p[0] == '_')
		return true;
	if (str_u64(text, UINT16_MAX, &n) == -1)
		return false;
	*port = (uint16_t)n;
	return true;
}

/* "192.0.2.7", "192.0.2.7:4711", "2001:db8::1", "[2001:db8::1]:4711". */
static bool
read_address(struct str text, struct net_addr *out)
{
	const char *first = memchr(text.p, ':', text.n);
	const char *last = memrchr(text.p, ':', text.n);
	struct str host = text;
	uint16_t port = 0;

	/* A link's name says nothing of who is there. */
	if (text.n == 0 || memchr(text.p, '%', text.n) != NULL)
		return false;
	if (last != NULL && (first == last || (text.p[0] == '[' &&
	    last > text.p && last[-1] == ']'))) {
		host.n = (size_t)(last - text.p);
		if (!read_port((struct str){ last + 1, text.n - host.n - 1 },
		    &port))
			return false;
	}
	return net_addr_parse(host, port, out) == 0;
}

/* --- X-Forwarded-For --- */

/* The lines of a field are one list, in their order. */
static void
read_x(const struct http_head *head, struct hops *hops)
{
	struct str list, element, proto = { NULL, 0 };
	size_t i;

	for (i = 0; i < head->nfields; i++) {
		list = head->field[i].value;
		if (str_eqcase(head->field[i].name, STR("X-Forwarded-For")))
			while (str_next_element(&list, &element))
				add_hop(hops, element, proto);
		else if (str_eqcase(head->field[i].name,
		    STR("X-Forwarded-Proto")))
			while (str_next_element(&list, &element))
				proto = element;
	}
	/* Of the schemes only the last one, which is our proxy's word. */
	for (i = 0; i < hops->n; i++)
		hops->hop[i].proto = proto;
	if (hops->n == 0 && proto.n > 0)
		add_hop(hops, (struct str){ "", 0 }, proto);
}

/* --- Forwarded --- */

/* A token or a quoted-string; what is in the quotes (an address or a scheme
 * has no use for a backslash). */
static bool
take_value(struct str *rest, struct str *value)
{
	size_t i = 0;
	bool quoted = rest->n > 0 && rest->p[0] == '"';

	if (quoted) {
		for (i = 1; i < rest->n && rest->p[i] != '"'; i++)
			if (rest->p[i] == '\\')
				return false;
		if (i == rest->n)
			return false;
		*value = (struct str){ rest->p + 1, i - 1 };
		i++;
	} else {
		while (i < rest->n && http_is_token_char(rest->p[i]))
			i++;
		*value = (struct str){ rest->p, i };
	}
	*rest = (struct str){ rest->p + i, rest->n - i };
	return quoted || value->n > 0;
}

/* One "name=value" of an element. RFC 7239 section 4: each name once. */
static bool
take_pair(struct str *rest, struct hop *hop)
{
	struct str name, value, *keep = NULL;

	if (rest->p[0] == '"' || !take_value(rest, &name) || rest->n == 0 ||
	    rest->p[0] != '=')
		return false;
	*rest = (struct str){ rest->p + 1, rest->n - 1 };
	if (!take_value(rest, &value))
		return false;
	if (str_eqcase(name, STR("for")))
		keep = &hop->by;
	else if (str_eqcase(name, STR("proto")))
		keep = &hop->proto;
	if (keep == NULL)
		return true;
	if (keep->p != NULL)
		return false;
	*keep = value;
	return true;
}

/* One line: elements with commas, pairs with semicolons between them. */
static bool
read_line(struct str rest, struct hops *hops)
{
	struct hop hop = { .by = { NULL, 0 } };
	bool any = false;

	for (;;) {
		rest = str_trim(rest);
		if (rest.n > 0 && rest.p[0] != ',' && rest.p[0] != ';') {
			if (!take_pair(&rest, &hop))
				return false;
			any = true;
			rest = str_trim(rest);
		}
		if (rest.n == 0 || rest.p[0] == ',') {
			if (any)
				add_hop(hops, hop.by, hop.proto);
			hop = (struct hop){ .by = { NULL, 0 } };
			any = false;
		} else if (rest.p[0] != ';') {
			return false;
		}
		if (rest.n == 0)
			return true;
		rest = (struct str){ rest.p + 1, rest.n - 1 };
	}
}

static bool
read_rfc(const struct http_head *head, struct hops *hops)
{
	for (size_t i = 0; i < head->nfields; i++)
		if (str_eqcase(head->field[i].name, STR("Forwarded")) &&
		    !read_line(head->field[i].value, hops))
			return false;
	return true;
}

/* --- who it is --- */

static void
take_scheme(struct forwarded *out, struct str proto)
{
	if (str_eqcase(proto, STR("https")))
		out->scheme = FORWARDED_HTTPS;
	else if (str_eqcase(proto, STR("http")))
		out->scheme = FORWARDED_HTTP;
}

/* A hop that says no address ("unknown", "_hidden") ends the search: what is
 * known then is the last one behind it. */
static void
walk(const struct conf *conf, const struct hops *hops, struct forwarded *out)
{
	struct net_addr peer;
	size_t i;

	for (i = hops->n; i > 0; i--) {
		take_scheme(out, hops->hop[i - 1].proto);
		if (hops->hop[i - 1].by.n == 0 ||
		    !read_address(hops->hop[i - 1].by, &peer))
			return;
		out->known = true;
		out->peer = peer;
		if (conf_trust_find(conf, &peer) == NULL)
			return;
	}
}

int
forwarded_read(const struct conf *conf, const struct conf_trust *proxy,
    const struct http_head *head, struct forwarded *out)
{
	struct hops hops;

	*out = (struct forwarded){ .scheme = FORWARDED_UNSAID };
	hops.n = 0;
	if (proxy->forwarded == CONF_FORWARDED_X)
		read_x(head, &hops);
	else if (!read_rfc(head, &hops))
		return 400;
	walk(conf, &hops, out);
	return 0;
}
