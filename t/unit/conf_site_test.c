/*
 * Servers, locations and listeners; what is inherited; opening and dumping.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ssl.h>

#include "common/mime.h"
#include "t/unit/conf_load.h"

static bool
listens_on(const struct conf *conf, size_t i, const char *address)
{
	char text[NET_ADDR_TEXT];

	if (i >= conf->nlistens)
		return false;
	(void)net_addr_text(&conf->listens[i].addr, text);
	return strcmp(text, address) == 0;
}

static void
test_defaults(void)
{
	struct conf *c = must_load("");
	const struct conf_location *l = &c->servers[0].base;

	ok(c->nservers == 1 && c->servers[0].nnames == 0, "one server");
	ok(c->nlistens == 2 && listens_on(c, 0, "0.0.0.0:8080") &&
	    listens_on(c, 1, "[::]:8080"), "it listens on 8080");
	ok(!c->listens[0].optional && c->listens[1].optional,
	    "IPv6 may be missing");
	ok(c->listens[0].fallback == &c->servers[0], "and answers all names");
	ok(strcmp(l->root->path, "/var/www/html") == 0 && l->nindex == 1 &&
	    strcmp(l->index[0], "index.html") == 0 && !l->dotfiles &&
	    !l->listing && l->access_log && l->max_body == 8 << 20,
	    "its files");
	ok(l->cgi.kind == CONF_CGI_OFF && l->cgi.first_byte_ms == 30000 &&
	    l->cgi.total_ms == 300000 && l->cgi.term_ms == 500 &&
	    l->cgi.kill_ms == 2000 && l->cgi.processes == 32 &&
	    l->cgi.queue == 64 && l->cgi.queue_ms == 10000 &&
	    l->cgi.cpu_s == 30 && l->cgi.memory == 1 << 30 &&
	    l->cgi.fsize == 1 << 30 && !l->cgi.authorization &&
	    l->cgi.stderr_mode == CONF_STDERR_ON_FAILURE, "its scripts");
	ok(strcmp(c->user, "www-data") == 0 && c->workers >= 1 &&
	    strcmp(c->pidfile, "/run/pyked/pyked.pid") == 0 &&
	    !c->pidfile_set && !c->control_set &&
	    strcmp(c->control, "/run/pyked/control.sock") == 0 &&
	    c->drain_ms == 30000 && c->sandbox &&
	    strcmp(c->spool->path, "/var/lib/pyked") == 0 &&
	    c->spool_total == 1 << 30, "the process");
	ok(c->limits.connections == 4096 && c->limits.header_size == 16384 &&
	    c->limits.header_ms == 10000 && c->limits.fields == 100 &&
	    c->limits.body_ms == 10000 && c->limits.min_rate == 500 &&
	    c->limits.keepalive_ms == 15000 &&
	    c->limits.keepalive_requests == 1000 && c->limits.send_ms == 30000,
	    "limits");
	ok(c->access.kind == CONF_LOG_UNSET && c->error.kind == CONF_LOG_UNSET
	    && c->access_format == CONF_FORMAT_COMBINED &&
	    c->error_level == LOG_LEVEL_INFO &&
	    strcmp(c->error.path, "/var/log/pyked/error.log") == 0, "logs");
	ok(c->tls_min == TLS1_2_VERSION && c->tls_max == TLS1_3_VERSION &&
	    c->ciphers == NULL, "tls");
	conf_free(c);
}

static void
test_inherit(void)
{
	const struct conf_location *a, *x, *y;
	struct conf *c;

	c = must_load("server a { listen 1; root ra; env B 2; max-body 1k\n"
	    " location /x/ { env A 9; env C 3; cgi on\n"
	    "  cgi-limits { cpu 5s } }\n"
	    " location = /y { index k; dotfiles off; listing off } }\n"
	    "server b { listen 2 }\n"
	    "env A 1; dotfiles on; listing on; index i j; limits { body 5m }\n"
	    "cgi-limits { memory 2m }\n");
	a = &c->servers[0].base;
	x = &c->servers[0].locations[0];
	y = &c->servers[0].locations[1];
	ok(a->dotfiles && a->nindex == 2 && a->max_body == 1024 &&
	    a->cgi.memory == 2 << 20, "a server begins with the main level, "
	    "wherever that is written");
	ok(c->servers[1].base.max_body == 5 << 20, "limits give max-body");
	ok(a->listing && x->listing && !y->listing, "listing in all three");
	ok(x->root == a->root && x->dotfiles && x->cgi.kind == CONF_CGI_ON &&
	    x->cgi.cpu_s == 5 && x->cgi.memory == 2 << 20 &&
	    a->cgi.cpu_s == 30, "a location begins with its server");
	ok(!y->dotfiles && y->nindex == 1 && y->cgi.kind == CONF_CGI_OFF &&
	    y->match == CONF_MATCH_EXACT, "and replaces values");
	ok(x->cgi.nenv == 3 && strcmp(x->cgi.env[0], "A=9") == 0 &&
	    strcmp(x->cgi.env[1], "B=2") == 0 &&
	    strcmp(x->cgi.env[2], "C=3") == 0 && a->cgi.nenv == 2 &&
	    strcmp(a->cgi.env[0], "A=1") == 0, "env adds, by name");
	ok(a->match == CONF_MATCH_ALL && a->path.n == 0 &&
	    x->match == CONF_MATCH_PREFIX && x->pos.line == 2 &&
	    x->pos.col == 11, "places");
	ok(c->ndirs == 3, "one folder for each path: %zu", c->ndirs);
	conf_free(c);
}

static void
test_listen_path(void)
{
	struct conf *c = must_load(
	    "server a { listen unix:/x/s mode 640 tls; certificate c k }\n"
	    "server b { listen unix:/x/../x/s backlog 7 tls mode 640\n"
	    " certificate c k; listen unix:rel.sock }\n");
	char text[NET_ADDR_TEXT], *here = getcwd(NULL, 0);
	struct buf out = { 0 };

	ok(c->nlistens == 2 && c->listens[0].nservers == 2 &&
	    c->listens[0].tls && c->listens[0].backlog == 7 &&
	    c->listens[0].mode == 0640 &&
	    strcmp(conf_listen_text(&c->listens[0], text), "unix:/x/s") == 0,
	    "a path, shared");
	ok(here != NULL && strncmp(c->listens[1].path, here, strlen(here)) == 0
	    && strcmp(c->listens[1].path + strlen(here), "/rel.sock") == 0 &&
	    c->listens[1].mode == 0666, "beside the file");
	ok(conf_dump(c, &out) == 0 && buf_put(&out, "", 1) == 0 &&
	    strstr(buf_head(&out), "    listen unix:/x/s tls backlog 7 mode "
	    "640\n") != NULL, "dumped");
	conf_free(c);
	buf_free(&out);
	free(here);
	bad_part("listen unix:", "is not an address to listen on");
	bad_part("listen unix:/x/", "is not an address to listen on");
	bad_part("listen unix:/x mode 64", "write one like 660");
	bad_part("listen unix:/x mode 0660", "write one like 660");
	bad_part("listen unix:/x mode 680", "write one like 660");
	bad_part("listen unix:/x mode", "\"mode\" does not fit here");
	bad_part("listen unix:/x mode 600 mode 600", "does not fit here");
	bad_part("listen 80 mode 600", "behind the port: tls, backlog N; ");
	bad_part("listen 80 443", "each port has a listen of its own");
	bad_part("listen unix:/x; listen unix:/x", "unix:/x was given already");
	bad_part("server a { listen unix:/x }\nserver b { listen unix:/x mode "
	    "600 }", "unix:/x has another mode");
	bad_part("server { listen unix:/x }\nserver { listen unix:/x }",
	    "listens on unix:/x for the same name");
}

static void
test_listen(void)
{
	struct conf *c = must_load(
	    "server b.org { listen 127.0.0.1:80; listen [::1]:81 backlog 7 }\n"
	    "server * { listen 127.0.0.1:80; listen *:82 }\n"
	    "server { listen 127.0.0.1:0; listen 127.0.0.1:0 }\n");

	ok(c->nlistens == 6 && listens_on(c, 0, "127.0.0.1:80") &&
	    c->listens[0].nservers == 2 && listens_on(c, 1, "[::1]:81") &&
	    listens_on(c, 2, "0.0.0.0:82") && listens_on(c, 3, "[::]:82"),
	    "one listener for each address");
	ok(c->listens[0].fallback == &c->servers[1] &&
	    c->listens[1].fallback == &c->servers[0], "who is the fallback");
	ok(c->listens[1].backlog == 7 && !c->listens[1].optional, "backlog");
	ok(listens_on(c, 4, "127.0.0.1:0") && listens_on(c, 5, "127.0.0.1:0"),
	    "port 0 is another one each time");
	conf_free(c);
	c = must_load("certificate c k\n");
	ok(c->nlistens == 4 && listens_on(c, 2, "0.0.0.0:8443") &&
	    c->listens[2].tls && c->listens[3].optional,
	    "a certificate makes https");
	conf_free(c);
	bad_part("listen 65536\n", "port 65536 is out of range");
	bad_part("listen unix\n", "write PORT, ADDRESS:PORT, [V6]:PORT or "
	    "unix:/PATH");
	bad_part("listen localhost:80\n", "is not an address in digits");
	bad_part("listen ::1:80\n", "is not an address to listen on");
	bad_part("listen :80\n", "is not an address to listen on");
	bad_part("listen 1.2.3.4\n", "is not an address to listen on");
	bad_part("listen 80 tls\n", "add \"certificate FILE KEY\"");
	bad_part("listen 80 udp\n", "\"udp\" does not fit here");
	bad_part("listen 80 backlog 0\n", "backlog takes 1 to 65535");
	bad_part("listen 80 backlog\n", "\"backlog\" does not fit here");
	bad_part("listen 80\nlisten 0.0.0.0:80\n", "2:8: 0.0.0.0:80 was given "
	    "already at pyked.conf:1");
	bad_part("listen 80\nlisten 127.0.0.1:80\n", "2:8: 127.0.0.1:80 is "
	    "part of the listen at pyked.conf:1");
	bad_part("server a { listen 80 }\nserver b { certificate c k\n"
	    "listen 80 tls }\n", "0.0.0.0:80 is without tls at pyked.conf:1");
	bad_part("server a { listen 80 backlog 5 }\n"
	    "server b { listen 80 backlog 6 }\n", "has another backlog");
}

static void
test_servers(void)
{
	struct conf *c = must_load("server WWW.Example.ORG *.b 1.2.3.4 [::1] "
	    "{ }\n");

	ok(c->servers[0].nnames == 4 && str_eq(c->servers[0].names[0],
	    STR("www.example.org")), "names in lower case");
	conf_free(c);
	bad_part("server a { }\nserver b a { }\n", "2:10: the server at "
	    "pyked.conf:1 listens on 0.0.0.0:8080 for the same name");
	bad_part("server { }\nserver * { }\n", "2:8: the server at ");
	good("server a { listen 1 }\nserver a { listen 2 }\n");
	bad_part("server a a { }\n", "this name is there twice");
	bad_part("server a.org. { }\n", "without the dot at its end");
	bad_part("server a:80 { }\n", "a port is given by listen");
	bad_part("server http://a { }\n", "a port is given by listen");
	bad_part("server a..b { }\n", "without two dots in a row");
	bad_part("server *.* { }\n", "is not a server's name");
	bad_part("server b\xc3\xbc { }\n", "beginning with xn--");
	bad_part("listen 80\nserver a { }\n", "1:1: \"listen\" outside the "
	    "server blocks");
	bad_part("server a { }\nlocation / { }\n", "move it into a server");
	bad_part("certificate a b\nserver a { }\n", "move it into a server");
}

static void
test_locations(void)
{
	struct conf *c = must_load("location *.php { }\nlocation /a { }\n"
	    "location = /a { }\n");
	const struct conf_location *l = c->servers[0].locations;

	ok(c->servers[0].nlocations == 3 && l[0].match == CONF_MATCH_SUFFIX &&
	    str_eq(l[0].path, STR(".php")) && l[1].match == CONF_MATCH_PREFIX
	    && l[2].match == CONF_MATCH_EXACT, "three kinds");
	conf_free(c);
	bad_part("location /a { }\nlocation /a { }\n", "2:10: this location "
	    "was given already at pyked.conf:1");
	bad_part("location a { }\n", "\"a\" is not a location");
	bad_part("location \"\" { }\n", "\"\" is not a location");
	bad_part("location *.a/b { }\n", "is not a location");
	bad_part("location *. { }\n", "is not a location");
	bad_part("location ~ /a { }\n", "\"~\" does not fit here");
	bad_part("location = *.a { }\n", "\"*.a\" is not a location");
	bad_part("location /a/../b { }\n", "this location never matches");
	bad_part("location /a?b { }\n", "this location never matches");
}

static void
test_site_values(void)
{
	bad_part("root /\n", "the whole machine cannot be served");
	bad_part("root /x/..\n", "the whole machine cannot be served");
	bad_part("index a/b\n", "\"a/b\" cannot be an index");
	bad_part("index ..\n", "\"..\" cannot be an index");
	bad_part("cgi dir /x\n", "needs a location of its own");
	bad_part("location /x { cgi dir /x }\n", "write: location /x/ {");
	bad_part("location = /x { cgi dir /x }\n", "a location of its own");
	bad_part("location /x/ { cgi dir / }\n", "the whole machine");
	bad_part("cgi perl\n", "\"perl\" does not fit here");
	bad_part("cgi with\n", "\"cgi with\" needs a path");
	bad_part("cgi on /x\n", "too many values for \"cgi on\"");
	bad_part("cgi program /\n", "this is a folder");
	bad_part("env A-B 1\n", "\"A-B\" cannot be set");
	bad_part("env HTTP_PROXY 1\n", "\"HTTP_PROXY\" cannot be set");
	bad_part("env QUERY_STRING 1\n", "pyked sets it for each request");
}

/* --- opening --- */

/* Loads and opens: 0 or -1, said() has the rest. */
static int
open_text(const char *text)
{
	struct conf *conf = must_load(text);
	int result = conf_open(conf, &errors);

	conf_free(conf);
	return result;
}

static bool
refuses(const char *text, const char *part)
{
	return open_text(text) == -1 && errors.n == 1 &&
	    strstr(said(), part) != NULL;
}

/* Opens text on a machine without the folder that is served by default. */
static int
open_without_default(const char *text)
{
	struct conf *conf = must_load(text);
	int result;

	conf->servers[conf->nservers - 1].base.root->path = "/nosuch";
	result = conf_open(conf, &errors);
	conf_free(conf);
	return result;
}

/* Nobody makes a folder for a server that has no files. */
static void
test_no_default(void)
{
	static const char *const unneeded[] = {
		"server * { refuse 421 }",
		"server * { refuse close ; location /a/ { errors r } }",
		"server * { refuse 421 ; location /a { refuse off ; root r } }",
		"server * { redirect 301 https://a.org/$rest }",
		"server * { redirect 301 /a/ ; location /a/ { root r } }",
	};
	static const char *const needed[] = {
		"server * { }",
		"server * { refuse 421 ; location /a/ { refuse off } }",
		"server * { redirect 301 /a/ ; location /a/ { redirect off } }",
		"server * { https only 443 }",
	};
	size_t i;

	for (i = 0; i < sizeof(unneeded) / sizeof(unneeded[0]); i++)
		ok(open_without_default(unneeded[i]) == 0, "no files: %s",
		    unneeded[i]);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		ok(open_without_default(needed[i]) == -1 && strstr(said(),
		    "make it, or say which folder to serve") != NULL,
		    "files: %s", needed[i]);
}

static void
test_open(void)
{
	struct conf *c;

	(void)mkdir("r", 0755);
	(void)mkdir("cgi", 0755);
	write_file("cgi/run", "#!/bin/sh\n");
	(void)chmod("cgi/run", 0755);
	write_file("cgi/data", "");
	c = must_load("root r\nlocation /c/ { cgi dir cgi/ }\n"
	    "location /p { cgi program cgi/run }\n"
	    "location *.x { cgi with cgi/run }\n");
	ok(conf_open(c, &errors) == 0, "opens");
	ok(fcntl(c->servers[0].base.root->fd, F_GETFD) == FD_CLOEXEC &&
	    (fcntl(c->servers[0].base.root->fd, F_GETFL) & O_PATH) != 0,
	    "the root, O_PATH and close-on-exec");
	ok(c->servers[0].locations[1].cgi.dir ==
	    c->servers[0].locations[0].cgi.dir, "a folder is opened once");
	conf_free(c);
	ok(refuses("root nosuch\n", "1:6: cannot open the folder ") &&
	    strstr(said(), "/nosuch: No such file or directory") != NULL,
	    "a root that is not there");
	ok(refuses("root cgi/run\n", "Not a directory") && strstr(said(),
	    "name the folder that the files are in") != NULL,
	    "a file for a root");
	ok(refuses("root r\nspool nosuch\n", "2:7: cannot open the folder"),
	    "a spool that is not there");
	ok(refuses("root r\nlocation /p { cgi program cgi/nosuch }\n",
	    "/cgi/nosuch: No such file"), "a program that is not there");
	ok(refuses("root r\nlocation /p { cgi program cgi/data }\n",
	    "/cgi/data: it is not executable"), "one that is no program");
	ok(refuses("root r\ncgi with r\n", "/r: it is not a file"),
	    "a folder for a program");
	(void)chmod("cgi", 0777);
	ok(refuses("root r\nlocation /c/ { cgi dir cgi/ }\n",
	    "2:24: everybody may write into "), "a cgi dir open to all");
	ok(open_text("location / { root r }\n") == 0 &&
	    open_text("location / { cgi program cgi/run }\n") == 0,
	    "the default root is not needed when it is never used");
}

/* --- the dump --- */

static void
test_dump(const char *text)
{
	struct conf *conf = must_load(text), *again;
	struct buf first = { 0 }, second = { 0 };

	ok(conf_dump(conf, &first) == 0 && buf_put(&first, "", 1) == 0,
	    "dumps: %s", name_of(text));
	again = load(buf_head(&first));
	if (!ok(again != NULL, "is read back"))
		fprintf(stderr, "%s%s", buf_head(&first), said());
	if (again != NULL) {
		(void)conf_dump(again, &second);
		(void)buf_put(&second, "", 1);
		ok(str_eq(buf_str(&first), buf_str(&second)),
		    "and dumps the same");
		ok(again->nlistens == conf->nlistens && again->ndirs ==
		    conf->ndirs && memcmp(&again->limits, &conf->limits,
		    sizeof(conf->limits)) == 0 && again->pidfile_set ==
		    conf->pidfile_set && again->access.kind ==
		    conf->access.kind && again->servers[0].nlocations ==
		    conf->servers[0].nlocations &&
		    strcmp(mime_type(again->mime, STR("a.d")),
		    mime_type(conf->mime, STR("a.d"))) == 0, "the same tree");
	}
	buf_free(&first);
	buf_free(&second);
	conf_free(conf);
	conf_free(again);
}

static void
test_dumps(void)
{
	test_dump("");
	test_dump("user nobody\nworkers 3\npidfile p\ndrain 5s\nsandbox off\n"
	    "spool s 5m\nlimits { connections 9; header 8k 5s; body 1m 5s\n"
	    " keepalive 5s 9; min-rate 7; send 9s; fields 9 }\n"
	    "log { access off\n error \"e r\" warn }\n"
	    "types { a/b c d; \"a/c; x=y\" e }\n"
	    "tls { protocols 1.3; ciphers A:B }\n");
	test_dump("control c\nlog { error syslog warn }\n");
	test_dump("log { access stdout common; error stderr debug }\n"
	    "tls { protocols 1.3 1.2 }\nlisten 0\nlisten 0\n");
	test_dump("root /srv/x\nindex a b\ndotfiles on\nlisting on\n"
	    "env A \"1 {;#\"\n"
	    "server a.org *.b.org { listen 80; listen [::1]:443 tls backlog 9\n"
	    " certificate c \"k $$\"\n certificate c2 k2\n env B \"\"\n"
	    " location /x/ { cgi dir d; env A 2; cgi-limits { timeout 1s 2s\n"
	    "  kill 0s 1s; processes 1 queue 2 3s; stderr off } }\n"
	    " location = \"/y z\" { root \"\\$\\\\\\\"\"\n"
	    "  cgi-authorization on }\n"
	    " location *.z { cgi with i; access-log off; listing off } }\n"
	    "server * { listen *:80; listen 0.0.0.0:81; max-body 0; cgi on }\n"
	    "server c { listen 81; listen [::]:82; cgi program /p }\n"
	    "server d { listen 82; root /srv/y }\n");
}

int
main(void)
{
	enter();
	test_defaults();
	test_inherit();
	test_listen();
	test_listen_path();
	test_servers();
	test_locations();
	test_site_values();
	test_open();
	test_no_default();
	test_dumps();
	leave();
	return done_testing();
}
