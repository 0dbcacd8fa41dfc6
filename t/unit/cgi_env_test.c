/*
 * The environment of a script: the variables of RFC 3875, and what must never
 * be one.
 */
#include <stdlib.h>

#include "common/conf.h"
#include "common/log.h"
#include "t/unit/tap.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_env.h"
#include "worker/serve/cgi_find.h"

static const struct http_parse_limits limits = { 16384, 100 };

static struct conf_dir root = { .path = "/srv/www", .fd = -1 };
static struct conf_location location = { .root = &root };
static struct conf_dir elsewhere = { .path = "/srv/other/", .fd = -1 };
static struct conf_dir bin = { .path = "/usr/lib/bin", .fd = -1 };
static struct conf_location locations[] = { { .root = &elsewhere,
    .match = CONF_MATCH_PREFIX, .path = { "/other/", 7 } },
    { .root = &root, .match = CONF_MATCH_PREFIX, .path = { "/bin", 4 },
    .cgi = { .kind = CONF_CGI_DIR, .dir = &bin } } };
static struct conf_server server = { .base = { .root = &root },
    .locations = locations, .nlocations = 2 };
static char logged[8192];
static struct client_info client;
static struct cgi_target target;
static struct request *r;
static char **env;

/* The value of a variable; NULL when it is not there, and a failure when it is
 * there twice. */
static const char *
get(const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);
	char **e;

	for (e = env; *e != NULL; e++) {
		if (strncmp(*e, name, n) != 0 || (*e)[n] != '=')
			continue;
		if (value != NULL)
			ok(false, "%s is there twice", name);
		value = *e + n + 1;
	}
	return value;
}

#define is(name, value)	ok(get(name) != NULL && \
	    strcmp(get(name), (value)) == 0, "%s=%s (%s)", (name), (value), \
	    get(name) == NULL ? "not there" : get(name))
#define isnt(name)	ok(get(name) == NULL, "%s is not there (%s)", (name), \
	    get(name) == NULL ? "" : get(name))

/* The environment of one request; the fields are without the first line. */
static void
make(const char *line, const char *fields, uint64_t length)
{
	static char head[8192];
	size_t used, scanned = 0;
	int status, n;

	n = snprintf(head, sizeof(head), "%s\r\n%s\r\n", line, fields);
	r = request_new();
	r->location = &location;
	r->server = &server;
	r->client = &client;
	if (http_parse(head, (size_t)n, &limits, &scanned, r->head, &used,
	    &status) != HTTP_PARSE_COMPLETE ||
	    http_framing(r->head, &r->framing) != 0 ||
	    http_target(r->head, &r->target) != 0) {
		ok(false, "the test's own request is good");
		exit(1);
	}
	env = cgi_env(r, &target, length);
}

static void
test_rfc3875(void)
{
	make("POST /cgi/form.pl/a%20b?x=1&y=%41 HTTP/1.1",
	    "Host: example.org:8080\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 5\r\nUser-Agent: t\r\n", 5);
	is("GATEWAY_INTERFACE", "CGI/1.1");
	is("SERVER_SOFTWARE", "pyked");
	is("SERVER_NAME", "example.org");
	is("SERVER_PORT", "8080");
	is("SERVER_ADDR", "192.0.2.1");
	is("SERVER_PROTOCOL", "HTTP/1.1");
	is("REQUEST_METHOD", "POST");
	is("REQUEST_URI", "/cgi/form.pl/a%20b?x=1&y=%41");
	is("REQUEST_SCHEME", "http");
	is("SCRIPT_NAME", "/cgi/form.pl");
	is("SCRIPT_FILENAME", "/srv/cgi/form.pl");
	is("PATH_INFO", "/a b");
	is("PATH_TRANSLATED", "/srv/www/a b");
	is("QUERY_STRING", "x=1&y=%41");
	is("DOCUMENT_ROOT", "/srv/www");
	is("REMOTE_ADDR", "198.51.100.7");
	is("REMOTE_HOST", "198.51.100.7");
	is("REMOTE_PORT", "4711");
	is("CONTENT_LENGTH", "5");
	is("CONTENT_TYPE", "text/plain");
	is("PATH", "/usr/local/bin:/usr/bin:/bin");
	is("HTTP_HOST", "example.org:8080");
	is("HTTP_USER_AGENT", "t");
	ok(get("REQUEST_ID") != NULL && strlen(get("REQUEST_ID")) ==
	    REQUEST_ID_LEN && strspn(get("REQUEST_ID"), "0123456789abcdef") ==
	    REQUEST_ID_LEN, "REQUEST_ID (%s)", get("REQUEST_ID"));
	ok(strcmp(get("REQUEST_ID"), request_id(r)) == 0, "it is kept");
	isnt("HTTP_CONTENT_LENGTH");
	isnt("HTTP_CONTENT_TYPE");
	isnt("HTTPS");
	isnt("REDIRECT_STATUS");
	isnt("HOME");
	isnt("AUTH_TYPE");
	isnt("REMOTE_USER");
	request_free(r);
}

static void
test_absent(void)
{
	struct str saved = target.path_info;

	target.path_info = STR("");
	make("GET /cgi/form.pl HTTP/1.0", "", 0);
	is("QUERY_STRING", "");
	is("SERVER_PROTOCOL", "HTTP/1.0");
	is("SERVER_NAME", "192.0.2.1");
	isnt("PATH_INFO");
	isnt("PATH_TRANSLATED");
	isnt("CONTENT_LENGTH");
	isnt("CONTENT_TYPE");
	request_free(r);
	make("GET /cgi/form.pl? HTTP/1.0", "", 0);
	is("REQUEST_URI", "/cgi/form.pl?");
	is("QUERY_STRING", "");
	request_free(r);
	make("POST /cgi/form.pl HTTP/1.1", "Host: a\r\n"
	    "Transfer-Encoding: chunked\r\n", 123456);
	is("CONTENT_LENGTH", "123456");
	isnt("HTTP_TRANSFER_ENCODING");
	request_free(r);
	make("GET http://h.example/cgi/form.pl?q HTTP/1.1",
	    "Host: h.example\r\n", 0);
	is("REQUEST_URI", "/cgi/form.pl?q");
	is("SERVER_NAME", "h.example");
	request_free(r);
	make("GET http://h.example:81/cgi/form.pl HTTP/1.1",
	    "Host: evil.example\r\n", 0);
	is("HTTP_HOST", "h.example:81");
	request_free(r);
	target.path_info = saved;
}

/* A script sent the client on to another path of the server: a GET without a
 * body. */
static void
test_redirected(void)
{
	make("POST /a HTTP/1.1", "Host: a\r\nContent-Type: text/plain\r\n"
	    "Content-Length: 5\r\n", 0);
	r->redirects = 1;
	r->head->method = HTTP_GET;
	r->framing.has_length = false;
	env = cgi_env(r, &target, 0);
	is("REQUEST_METHOD", "GET");
	isnt("CONTENT_LENGTH");
	isnt("CONTENT_TYPE");
	r->head->method = HTTP_HEAD;
	env = cgi_env(r, &target, 0);
	is("REQUEST_METHOD", "HEAD");
	request_free(r);
	target.path_info = STR("/other/a");
	make("PROPFIND /a HTTP/1.1", "Host: a\r\n", 0);
	is("REQUEST_METHOD", "PROPFIND");
	is("PATH_TRANSLATED", "/srv/other/other/a");
	request_free(r);
	target.path_info = STR("/bin/a/b");
	make("GET /a HTTP/1.1", "Host: a\r\n", 0);
	is("PATH_TRANSLATED", "/usr/lib/bin/a/b");
	request_free(r);
	target.path_info = STR("/bin");
	make("GET /a HTTP/1.1", "Host: a\r\n", 0);
	is("PATH_TRANSLATED", "/usr/lib/bin/");
	request_free(r);
	target.path_info = STR("/a b");
}

static void
keep_log(const char *line, size_t n)
{
	size_t used = strlen(logged);

	if (used + n < sizeof(logged))
		memcpy(logged + used, line, n);
}

/* What a client sends cannot fill the log. */
static void
test_dropped(void)
{
	char field[64];
	int i, lines;
	char *p;

	log_set_sink(keep_log);
	make("GET / HTTP/1.1", "Host: a\r\nX_Once: 1\r\nx_once: 2\r\n", 0);
	request_free(r);
	make("GET / HTTP/1.1", "Host: a\r\nX_Once: 1\r\nPl-ain: 2\r\n", 0);
	request_free(r);
	p = strstr(logged, "field X_Once is not handed to scripts");
	ok(p != NULL && strchr(p, '\n') == logged + strlen(logged) - 1,
	    "logged once");
	for (i = 0; i < 100; i++) {
		(void)snprintf(field, sizeof(field), "Host: a\r\nX_%d: 1\r\n",
		    i);
		make("GET / HTTP/1.1", field, 0);
		request_free(r);
	}
	for (lines = 0, p = logged; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ok(lines > 8 && lines < 20, "%d lines for more than 100 names", lines);
	ok(strstr(logged, "no further such name") != NULL, "which is said");
	log_set_sink(NULL);
}

static void
test_hidden(void)
{
	make("GET / HTTP/1.1", "Host: a\r\nProxy: http://evil\r\n"
	    "proxy: http://evil\r\nProxy-Authorization: x\r\n"
	    "Proxy-Connection: x\r\nAuthorization: Basic eDp5\r\n"
	    "Connection: close\r\nKeep-Alive: 1\r\nTE: trailers\r\n"
	    "Trailer: X\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n"
	    "Content_Length: 666\r\nContent_Type: x\r\n"
	    "X_Forwarded_For: evil\r\nX-Forwarded-For: good\r\n"
	    "X.Dot: x\r\nX!: x\r\nx-Mixed-9: v\r\n", 0);
	isnt("HTTP_PROXY");
	isnt("HTTP_PROXY_AUTHORIZATION");
	isnt("HTTP_PROXY_CONNECTION");
	isnt("HTTP_AUTHORIZATION");
	isnt("HTTP_CONNECTION");
	isnt("HTTP_KEEP_ALIVE");
	isnt("HTTP_TE");
	isnt("HTTP_TRAILER");
	isnt("HTTP_UPGRADE");
	isnt("HTTP_EXPECT");
	isnt("HTTP_CONTENT_LENGTH");
	isnt("HTTP_CONTENT_TYPE");
	is("HTTP_X_FORWARDED_FOR", "good");
	isnt("HTTP_X.DOT");
	isnt("HTTP_X!");
	is("HTTP_X_MIXED_9", "v");
	request_free(r);
	location.cgi.authorization = true;
	make("GET / HTTP/1.1", "Host: a\r\nAuthorization: Basic eDp5\r\n", 0);
	is("HTTP_AUTHORIZATION", "Basic eDp5");
	location.cgi.authorization = false;
	request_free(r);
}

static void
test_joined(void)
{
	make("GET / HTTP/1.1", "Host: a\r\nCookie: a=1\r\nX-L: one\r\n"
	    "cookie: b=2\r\nx-l:\r\nX-l: () { :;}; echo\r\nCookie: c=3\r\n", 0);
	is("HTTP_COOKIE", "a=1; b=2; c=3");
	is("HTTP_X_L", "one, , () { :;}; echo");
	request_free(r);
}

static void
test_tls_and_v6(void)
{
	client.tls = client.https = true;
	client.tls_protocol = "TLSv1.3";
	client.tls_cipher = "TLS_AES_128_GCM_SHA256";
	(void)net_addr_parse(STR("::1"), 8443, &client.local);
	make("GET / HTTP/1.0", "", 0);
	is("HTTPS", "on");
	is("SSL_PROTOCOL", "TLSv1.3");
	is("SSL_CIPHER", "TLS_AES_128_GCM_SHA256");
	is("REQUEST_SCHEME", "https");
	is("SERVER_NAME", "[::1]");
	is("SERVER_ADDR", "::1");
	request_free(r);
	make("GET / HTTP/1.1", "Host: [2001:db8::1]:8443\r\n", 0);
	is("SERVER_NAME", "[2001:db8::1]");
	request_free(r);
	client.tls = client.https = false;
	(void)net_addr_parse(STR("192.0.2.1"), 8080, &client.local);
}

static void
test_configured(void)
{
	static const char *set[] = { "APP_ENV=production", "HTTP_X_A=conf",
	    "PATH=/opt/bin", "QUERY=1" };

	location.cgi.env = set;
	location.cgi.nenv = 4;
	target.interpreter = "/usr/bin/php-cgi";
	make("GET /?q HTTP/1.1", "Host: a\r\nX-A: client\r\nX-Ab: c\r\n", 0);
	is("APP_ENV", "production");
	is("HTTP_X_A", "conf");
	is("HTTP_X_AB", "c");
	is("PATH", "/opt/bin");
	is("QUERY_STRING", "q");
	is("QUERY", "1");
	is("REDIRECT_STATUS", "200");
	ok(env[0] != NULL && strcmp(env[0], "APP_ENV=production") != 0,
	    "what is configured comes last");
	request_free(r);
	location.cgi.nenv = 0;
	target.interpreter = NULL;
}

int
main(void)
{
	(void)setenv("HOME", "/must/not/be/inherited", 1);
	(void)net_addr_parse(STR("192.0.2.1"), 8080, &client.local);
	(void)net_addr_parse(STR("198.51.100.7"), 4711, &client.peer);
	target.filename = "/srv/cgi/form.pl";
	target.script_name = STR("/cgi/form.pl");
	target.path_info = STR("/a b");
	test_rfc3875();
	test_absent();
	test_redirected();
	test_hidden();
	test_dropped();
	test_joined();
	test_tls_and_v6();
	test_configured();
	request_pool_free();
	return done_testing();
}
