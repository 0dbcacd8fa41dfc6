/* route: which server, which location. */
#include "common/conf.h"
#include "t/unit/tap.h"
#include "worker/http/request.h"
#include "worker/serve/route.h"

static void
test_server(void)
{
	struct str names_a[] = { STR("a.example"), STR("*.example") };
	struct str names_b[] = { STR("*.b.example") };
	struct conf_server a = { .names = names_a, .nnames = 2 };
	struct conf_server b = { .names = names_b, .nnames = 1 };
	struct conf_server any = { .nnames = 0 };
	const struct conf_server *servers[] = { &any, &a, &b };
	struct conf_listen l = { .servers = servers, .nservers = 3,
	    .fallback = &any };

	ok(route_server(&l, STR("a.example")) == &a, "by name");
	ok(route_server(&l, STR("A.Example.")) == &a, "case and last dot");
	ok(route_server(&l, STR("x.b.example")) == &b, "longest suffix");
	ok(route_server(&l, STR("x.c.example")) == &a, "shorter suffix");
	ok(route_server(&l, STR("example")) == &any, "not the suffix itself");
	ok(route_server(&l, STR("")) == &any, "no name");
	names_b[0] = STR("[::1]");
	ok(route_server(&l, STR("[0:0::0001]")) == &b, "an IPv6 address");
	ok(route_server(&l, STR("[::2]")) == &any, "and another one");
	ok(route_server(&l, STR("::1")) == &any, "none without brackets");
}

static void
test_location(void)
{
	struct conf_location l[] = {
		{ .match = CONF_MATCH_PREFIX, .path = STR("/app") },
		{ .match = CONF_MATCH_PREFIX, .path = STR("/app/deep/") },
		{ .match = CONF_MATCH_EXACT, .path = STR("/app/x.php") },
		{ .match = CONF_MATCH_SUFFIX, .path = STR(".php") },
	};
	struct conf_server s = { .locations = l, .nlocations = 4 };

	ok(route_location(&s, STR("/")) == &s.base, "the server itself");
	ok(route_location(&s, STR("/app")) == &l[0], "the prefix itself");
	ok(route_location(&s, STR("/app/a")) == &l[0], "below the prefix");
	ok(route_location(&s, STR("/apple")) == &s.base, "whole segments");
	ok(route_location(&s, STR("/app/deep/a")) == &l[1], "longest prefix");
	ok(route_location(&s, STR("/app/deep")) == &l[0], "with its slash");
	ok(route_location(&s, STR("/app/deep/a.php")) == &l[3],
	    "suffix before prefix");
	ok(route_location(&s, STR("/app/x.php")) == &l[2], "exact first");
	ok(route_location(&s, STR("/app/x.php/")) == &l[0], "exact is exact");
	ok(route_location(&s, STR("/y.php/a")) == &s.base,
	    "a suffix is the end");
	l[3].cgi.kind = CONF_CGI_WITH;
	ok(route_location(&s, STR("/y.php/a")) == &l[3] &&
	    route_location(&s, STR("/y.php")) == &l[3],
	    "but that of a script, which has a path info");
	ok(route_location(&s, STR("/y.phpx/a")) == &s.base &&
	    route_location(&s, STR("/y.php.x/.phpx")) == &s.base,
	    "whose name it must end");
}

int
main(void)
{
	test_server();
	test_location();
	return done_testing();
}
