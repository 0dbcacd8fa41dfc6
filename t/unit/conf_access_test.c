/*
 * Who may come in, as a configuration says it: allow, deny, auth, require.
 */
#include <sys/stat.h>

#include "t/unit/conf_load.h"

#define SHA	"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="

static const char *
rules_of(const struct conf_location *l)
{
	static char text[1024];
	char net[CIDR_TEXT];
	size_t i, n = 0;

	text[0] = '\0';
	for (i = 0; i < l->access.nrules; i++) {
		(void)cidr_text(&l->access.rules[i].net, net);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c%s",
		    i == 0 ? "" : " ", l->access.rules[i].allow ? '+' : '-',
		    net);
	}
	return text;
}

static void
test_rules(void)
{
	static const char text[] =
	    "allow 10.0.0.0/8\n"
	    "server a { listen 1\n"
	    "    deny 10.1.0.0/16 unix\n"
	    "    location /x { deny 10.0.0.0/8; allow 2001:db8::/32 all }\n"
	    "    location /y { allow 10.1.2.3 }\n"
	    "    location /z { root / }\n"
	    "}\n"
	    "server b { listen 1; deny ::/0 }\n"
	    "server c { listen 1 }\n";
	char copy[sizeof(text)];
	struct conf *c;
	const struct conf_server *s;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	memcpy(strstr(copy, "root /"), "index x", 7);
	c = must_load(copy);
	s = c->servers;
	ok(strcmp(rules_of(&s[0].base), "-10.1.0.0/16 +10.0.0.0/8 -unix") == 0,
	    "lists add, the narrower first: %s", rules_of(&s[0].base));
	ok(strcmp(rules_of(&s[0].locations[0]), "+2001:db8::/32 -10.1.0.0/16 "
	    "-10.0.0.0/8 -unix +all") == 0, "the inner block's word counts: "
	    "%s", rules_of(&s[0].locations[0]));
	ok(strcmp(rules_of(&s[0].locations[1]), "+10.1.2.3 -10.1.0.0/16 "
	    "+10.0.0.0/8 -unix") == 0, "its neighbour has not heard it: %s",
	    rules_of(&s[0].locations[1]));
	ok(s[0].locations[2].access.rules == s[0].base.access.rules,
	    "nothing said, all inherited");
	ok(strcmp(rules_of(&s[1].base), "-::/0 +10.0.0.0/8") == 0 &&
	    strcmp(rules_of(&s[2].base), "+10.0.0.0/8") == 0,
	    "nor have other servers");
	ok(s[1].base.access.allows && s[2].base.access.allows,
	    "something is allowed");
	conf_free(c);
	c = must_load("deny 10.0.0.0/8\nlocation /x { allow 10.0.0.0/8 }\n");
	ok(!c->servers[0].base.access.allows &&
	    c->servers[0].locations[0].access.allows, "nothing is; something "
	    "is");
	conf_free(c);
}

static void
test_bad_rules(void)
{
	bad("allow 192.0.2.7/24\n", 1, "pyked.conf:1:7: \"192.0.2.7/24\" is an "
	    "address in a network\n"
	    "    1 | allow 192.0.2.7/24\n"
	    "      |       ^^^^^^^^^^^^ write 192.0.2.0/24, or 192.0.2.7 for "
	    "that one address\n");
	bad("deny ::ffff:10.0.0.0/104\n", 1, "pyked.conf:1:6: "
	    "\"::ffff:10.0.0.0/104\" is an IPv4 network in IPv6\n"
	    "    1 | deny ::ffff:10.0.0.0/104\n"
	    "      |      ^^^^^^^^^^^^^^^^^^^ write 10.0.0.0/8\n");
	bad_part("allow 10.0.0.0/33\n", "\"10.0.0.0/33\" has more bits than an "
	    "address");
	bad_part("deny ::/129\n", "0 to 128");
	bad_part("allow localhost\n", "\"localhost\" is not a network");
	bad_part("allow\n", "too few values");
	bad_part("allow 10.0.0.0/8\ndeny 10.0.0.0/8\n", "the opposite was said "
	    "at pyked.conf:1");
	bad_part("server a { listen 1\n"
	    "deny 10.0.0.0/8 192.0.2.1 10.0.0.0/8 }\n", "this network was "
	    "given already at pyked.conf:2");
	bad_part("log { allow 10.0.0.0/8 }\n", "\"allow\" does not belong");
}

static void
test_auth(void)
{
	struct conf *c;
	const struct conf_server *s;

	c = must_load("server a { listen 1\n"
	    "    auth \"The \\\"inner\\\" circle \\\\\" users\n"
	    "    location /free { auth off }\n"
	    "    location /same { auth Else sub/../users }\n"
	    "    location /in { index x }\n"
	    "}\nserver b { listen 1 }\n");
	s = c->servers;
	ok(strcmp(s[0].base.access.challenge, "Basic realm=\"The \\\"inner\\\" "
	    "circle \\\\\", charset=\"UTF-8\"") == 0, "the challenge");
	ok(s[0].locations[0].access.realm == NULL &&
	    s[1].base.access.realm == NULL, "none here");
	ok(s[0].locations[2].access.realm == s[0].base.access.realm,
	    "inherited");
	ok(c->nauth_files == 1 && strstr(c->auth_files[0].path,
	    "/users") != NULL && s[0].locations[1].access.file == 0,
	    "one file, however it is written");
	conf_free(c);
	bad_part("auth Staff\n", "\"auth\" needs a file of users");
	bad_part("auth \"\" users\n", "say what the password is for");
	bad_part("auth Staff \"\"\n", "an empty path");
	bad_part("auth a b c\n", "too many values");
	bad_part("auth a b c\n", "a value with blanks stands in \"quotes\"");
}

static void
test_require(void)
{
	static const char needs[] = "\"require any\" needs both \"allow\" and "
	    "\"auth\"";

	good("require any\nallow 10.0.0.0/8\nauth S users\n");
	good("require any\nallow 10.0.0.0/8\nlocation /x { auth S users }\n");
	good("require all\n");
	good("require all\ndeny all\n");
	bad_part("require any\n", needs);
	bad_part("require any\nallow 10.0.0.0/8\n", needs);
	bad_part("require any\ndeny 10.0.0.0/8\nauth S users\n", needs);
	bad_part("location /x { require any; auth S users }\n", needs);
	bad_part("require both\n", "write all or any");
}

static void
test_files(void)
{
	struct conf *c;

	write_file("users", "# staff\nann:" SHA "\nbob:hunter2\nbob:" SHA "\n"
	    "eve\n");
	c = must_load("auth S users\n");
	ok(conf_open(c, &errors) == -1 && errors.n >= 2, "mistakes are found");
	ok(strstr(said(), "/users:3: the password of \"bob\" is in clear, or "
	    "hashed with DES, which is not safe (make it anew: pyked passwd /")
	    != NULL, "with line and cure: %s", said());
	ok(strstr(said(), "/users:5: no \":\" between a user and a hash (")
	    != NULL, "each of them");
	ok(strstr(said(), "hunter2") == NULL, "without the password");
	conf_free(c);
	write_file("users", "ann:" SHA "\n");
	(void)chmod("users", 0666);
	c = must_load("auth S users\n");
	ok(conf_open(c, &errors) == -1 && strstr(said(), "everybody may write "
	    "to ") != NULL && strstr(said(), "chmod o-w") != NULL,
	    "everybody's file");
	conf_free(c);
	(void)unlink("users");
	c = must_load("auth S users\n");
	ok(conf_open(c, &errors) == -1 && strstr(said(), "pyked.conf:1:8: "
	    "cannot read /") != NULL && strstr(said(), "pyked passwd FILE USER")
	    != NULL, "a missing one");
	conf_free(c);
	c = must_load("auth S .\n");
	ok(conf_open(c, &errors) == -1 && strstr(said(), "Is a directory") !=
	    NULL, "a folder");
	conf_free(c);
}

/* What -T writes reads back as the same. */
static void
test_dump(void)
{
	static const char text[] = "allow 10.0.0.0/8\n"
	    "server a { listen 1\n"
	    "    auth \"In \\\"here\\\"\" users\n"
	    "    require any\n"
	    "    location /x { auth off; deny 10.0.0.0/8 unix }\n"
	    "    location /y { auth B other; require all }\n"
	    "}\n";
	struct buf first = { 0 }, second = { 0 };
	struct conf *c = must_load(text);

	ok(conf_dump(c, &first) == 0 && buf_put(&first, "", 1) == 0, "dumped");
	conf_free(c);
	c = must_load(buf_head(&first));
	ok(strstr(buf_head(&first), "        deny 10.0.0.0/8\n        deny "
	    "unix\n        auth off\n") != NULL, "a location's");
	ok(strcmp(rules_of(&c->servers[0].locations[0]), "-10.0.0.0/8 -unix")
	    == 0 && c->servers[0].base.access.require == CONF_REQUIRE_ANY &&
	    c->servers[0].locations[1].access.require == CONF_REQUIRE_ALL &&
	    strcmp(c->servers[0].base.access.realm, "In \"here\"") == 0 &&
	    c->servers[0].locations[0].access.realm == NULL, "read back");
	ok(conf_dump(c, &second) == 0 && buf_put(&second, "", 1) == 0 &&
	    strcmp(buf_head(&first), buf_head(&second)) == 0,
	    "and dumped the same");
	conf_free(c);
	buf_free(&first);
	buf_free(&second);
}

/* A list of thousands of networks is read in no time. */
static void
test_many(void)
{
	struct buf text = { 0 };
	struct conf *c;
	unsigned i;

	for (i = 0; i < 20000; i++)
		(void)buf_printf(&text, "deny 10.%u.%u.%u\n", i % 7, i % 256,
		    i / 256);
	(void)buf_put(&text, "", 1);
	c = must_load(buf_head(&text));
	ok(c->servers[0].base.access.nrules == 20000, "20000 rules");
	conf_free(c);
	buf_free(&text);
}

int
main(void)
{
	enter();
	test_rules();
	test_bad_rules();
	test_auth();
	test_require();
	test_files();
	test_dump();
	test_many();
	leave();
	return done_testing();
}
