/*
 * fuzz: X-Forwarded-For, by the first byte, or Forwarded. What a trusted proxy
 * puts behind a list decides, whatever the list is, or the request is refused.
 */
#include "common/conf_trust.h"
#include "t/fuzz/fuzz.h"
#include "worker/http/forwarded.h"
#include "worker/http/parse.h"

static struct http_head head;

static void
set_field(size_t i, const char *name, struct str value)
{
	head.field[i] = (struct http_field){ FIELD_OTHER, str_from(name),
	    value };
	head.nfields = i + 1;
}

void
fuzz(const char *p, size_t n)
{
	bool x = n > 0 && (p[0] & 1) != 0;
	const char *name = x ? "X-Forwarded-For" : "Forwarded";
	struct conf_trust proxy = { .net = { .kind = CIDR_UNIX },
	    .forwarded = x ? CONF_FORWARDED_X : CONF_FORWARDED_RFC };
	struct conf conf = { .trust = &proxy, .ntrust = 1 };
	struct str value = { edge_put(p, n), n };
	struct forwarded one, two;
	int status;

	if (n > 0)
		value = (struct str){ value.p + 1, n - 1 };
	set_field(0, name, value);
	status = forwarded_read(&conf, &proxy, &head, &one);
	must(status == 0 || (status == 400 && !x));
	if (status == 0 && one.known)
		must(one.peer.family == AF_INET || one.peer.family == AF_INET6);
	set_field(1, name, x ? STR("192.0.2.7") : STR("for=192.0.2.7"));
	must(forwarded_read(&conf, &proxy, &head, &two) == status);
	if (status != 0)
		return;
	must(two.known && two.peer.family == AF_INET &&
	    two.peer.in4.sin_addr.s_addr == htonl(0xc0000207));
}
