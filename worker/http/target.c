/*
 * Takes a request-target and a Host apart and checks both.
 */
#include "worker/http/target.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "worker/http/parse.h"

#define PORT_MAX	65535

/* RFC 3986 3.2.2: unreserved and sub-delims; '%' is looked at apart. */
static bool
is_name_char(char c)
{
	if (c == '.' || c == '-' || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr("_~!$&'()*+,;=", c) != NULL;
}

/* A registered name or an IPv4 address. An empty label is refused, for no name
 * has one and ".." must not look like one. */
static bool
is_name(struct str s)
{
	if (s.n == 0 || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			continue;
		if (c == '%') {
			if (s.n - i < 3 || ascii_hex(s.p[i + 1]) < 0 ||
			    ascii_hex(s.p[i + 2]) < 0)
				return false;
			i += 2;
		} else if (!is_name_char(c)) {
			return false;
		} else if (c == '.' && s.p[i - 1] == '.') {
			return false;
		}
	}
	return true;
}

/* An IPv6 address in brackets. Zones and the "v" forms of addresses to come
 * have no business in a request. */
static bool
is_literal(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (s.n < 2 || s.n - 2 >= sizeof(text) || s.p[s.n - 1] != ']')
		return false;
	memcpy(text, s.p + 1, s.n - 2);
	text[s.n - 2] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1;
}

/* uri-host [ ":" port ] */
static int
read_authority(struct str s, struct http_target *out)
{
	bool literal = s.n > 0 && s.p[0] == '[';
	const char *p = s.p, *end = s.p + s.n, *colon = NULL;
	uint64_t port;

	if (s.n == 0)
		return 400;
	if (literal)
		p = memchr(s.p, ']', s.n);
	if (p != NULL)
		colon = memchr(p, ':', (size_t)(end - p));
	out->host = (struct str){ s.p, (size_t)((colon == NULL ? end : colon) -
	    s.p) };
	if (literal ? !is_literal(out->host) : !is_name(out->host))
		return 400;
	out->port = STR("");
	if (colon == NULL || colon + 1 == end)
		return 0;
	out->port = (struct str){ colon + 1, (size_t)(end - colon - 1) };
	if (str_u64(out->port, PORT_MAX, &port) != 0 || port == 0)
		return 400;
	return 0;
}

/* RFC 9112 3.2: one Host, which only HTTP/1.0 may leave out. */
static int
read_host(const struct http_head *head, struct http_target *out)
{
	out->host = out->port = STR("");
	if (head->count[FIELD_HOST] == 0)
		return head->version_minor == 0 ? 0 : 400;
	if (head->count[FIELD_HOST] > 1)
		return 400;
	return read_authority(http_field_value(head, FIELD_HOST), out);
}

static int
read_path(struct str s, struct http_target *out)
{
	const char *query = s.n == 0 ? NULL : memchr(s.p, '?', s.n);

	out->path = s;
	out->query = STR("");
	out->has_query = query != NULL;
	if (query != NULL) {
		out->path.n = (size_t)(query - s.p);
		out->query.p = query + 1;
		out->query.n = s.n - out->path.n - 1;
	}
	if (out->path.n == 0)
		out->path = STR("/");
	return 0;
}

/* http://authority/path?query: its authority is the host, whatever Host says
 * (RFC 9112 3.2.2). Without path and query it is what "*" stands for when the
 * method is OPTIONS (3.3). */
static int
read_absolute(const struct http_head *head, struct http_target *out)
{
	struct str target = head->target;
	static const struct str schemes[] = { { "http://", 7 },
	    { "https://", 8 } };
	size_t start = 0, end;
	int status;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (target.n > schemes[i].n && str_eqcase(schemes[i],
		    (struct str){ target.p, schemes[i].n }))
			start = schemes[i].n;
	if (start == 0)
		return 400;
	out->https = start == schemes[1].n;
	for (end = start; end < target.n && target.p[end] != '/' &&
	    target.p[end] != '?';)
		end++;
	status = read_authority((struct str){ target.p + start, end - start },
	    out);
	if (status != 0)
		return status;
	if (end == target.n && head->method == HTTP_OPTIONS)
		return read_path(STR("*"), out);
	return read_path((struct str){ target.p + end, target.n - end }, out);
}

int
http_target(const struct http_head *head, struct http_target *out)
{
	struct str target = head->target;
	int status = read_host(head, out);

	out->https = false;
	if (status != 0)
		return status;
	if (head->method == HTTP_CONNECT)
		return 405;
	if (target.n > 0 && target.p[0] == '/')
		return read_path(target, out);
	if (str_eq(target, STR("*")))
		return head->method == HTTP_OPTIONS ? read_path(target, out) :
		    400;
	return read_absolute(head, out);
}
