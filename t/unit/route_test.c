/* route and cond: which server, which location; what is unchanged. */
#include "common/conf.h"
#include "t/unit/tap.h"
#include "worker/http/cond.h"
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
}

static bool
unchanged(const char *text, const char *etag, time_t modified)
{
	struct http_parse_limits limits = { 16384, 100 };
	struct http_head head;
	size_t scanned = 0, used;
	int status;

	if (http_parse(text, strlen(text), &limits, &scanned, &head, &used,
	    &status) != HTTP_PARSE_COMPLETE)
		return false;
	return cond_not_modified(&head, str_from(etag), true, modified,
	    1800000000);
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"

static void
test_cond(void)
{
	ok(!unchanged(GET "\r\n", "\"a\"", 0), "no condition");
	ok(unchanged(GET "If-None-Match: \"a\"\r\n\r\n", "\"a\"", 0), "same");
	ok(!unchanged(GET "If-None-Match: \"b\"\r\n\r\n", "\"a\"", 0),
	    "other");
	ok(unchanged(GET "If-None-Match: \"b\", W/\"a\"\r\n\r\n", "\"a\"", 0),
	    "weak, in a list");
	ok(unchanged(GET "If-None-Match: *\r\n\r\n", "\"a\"", 0), "any");
	ok(unchanged(GET "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
	    "\r\n\r\n", "\"a\"", 784111777), "not since");
	ok(!unchanged(GET "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
	    "\r\n\r\n", "\"a\"", 784111778), "a second later");
	ok(!unchanged(GET "If-Modified-Since: yesterday\r\n\r\n", "\"a\"", 1),
	    "no date");
	ok(!unchanged(GET "If-None-Match: \"b\"\r\nIf-Modified-Since: "
	    "Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", "\"a\"", 1),
	    "If-None-Match alone decides");
}

int
main(void)
{
	test_server();
	test_location();
	test_cond();
	return done_testing();
}
