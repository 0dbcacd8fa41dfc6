/*
 * Every directive of the schema: its places, counts, types and limits.
 */
#include <stdio.h>
#include <string.h>

#include "common/conf_schema.h"
#include "t/unit/conf_load.h"

/* Writes lines of d, in a block where they may stand. */
static void
wrap(char *out, size_t size, const struct conf_directive *d, const char *lines)
{
	static const struct {
		unsigned where;
		const char *name;
	} blocks[] = {
		{ CONF_IN_LIMITS, "limits" }, { CONF_IN_LOG, "log" },
		{ CONF_IN_TLS, "tls" }, { CONF_IN_CGI_LIMITS, "cgi-limits" },
		{ CONF_IN_TRUST, "trust-proxy unix" },
	};
	size_t i;

	(void)snprintf(out, size, "%s\n", lines);
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (d->where == blocks[i].where)
			(void)snprintf(out, size, "%s {\n%s\n}\n",
			    blocks[i].name, lines);
}

/* What can be written behind a directive's name. */
static const char *
example(const struct conf_directive *d)
{
	static const struct {
		const char *name;
		const char *values;
	} others[] = {
		{ "max-body", "8m" }, { "include", "none/*.conf" },
		{ "let", "a b" }, { "certificate", "a b" },
		{ "location", "/x" }, { "env", "A b" }, { "server", "a.org" },
		{ "user", "nobody" }, { "cache", "30d" },
		{ "user", "nobody" }, { "errors", "a" }, { "header", "A b" },
		{ "no", "header A" }, { "allow", "10.0.0.0/8" },
		{ "deny", "unix" }, { "trust-proxy", "10.0.0.0/8" },
		{ "limit", "rate 5/s per ip" },
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].name, d->name) == 0 &&
		    d->where != CONF_IN_LIMITS)
			return others[i].values;
	return d->value == NULL ? "" : d->value;
}

static void
line_of(char *out, size_t size, const struct conf_directive *d)
{
	(void)snprintf(out, size, "%s %s%s", d->name, example(d),
	    d->block == CONF_IN_TRUST ? " { forwarded off }" :
	    d->block != 0 ? " { }" : "");
}

static void
test_each(const struct conf_directive *d)
{
	char line[200], twice[500], text[600], said_is[100];

	line_of(line, sizeof(line), d);
	wrap(text, sizeof(text), d, line);
	good(text);
	if (!d->many) {
		(void)snprintf(twice, sizeof(twice), "%s\n%s", line, line);
		wrap(text, sizeof(text), d, twice);
		(void)snprintf(said_is, sizeof(said_is),
		    "\"%s\" was given already at pyked.conf:", d->name);
		bad_part(text, said_is);
	}
	if (d->least > 0) {
		(void)snprintf(line, sizeof(line), "%s%s", d->name,
		    d->block != 0 ? " { }" : "");
		wrap(text, sizeof(text), d, line);
		(void)snprintf(said_is, sizeof(said_is),
		    "too few values for \"%s\"", d->name);
		bad_part(text, said_is);
	}
	if (d->most != CONF_MANY) {
		(void)snprintf(line, sizeof(line), "%s %s a b c d e f%s",
		    d->name, example(d), d->block != 0 ? " { }" : "");
		wrap(text, sizeof(text), d, line);
		(void)snprintf(said_is, sizeof(said_is),
		    "too many values for \"%s\"", d->name);
		bad_part(text, said_is);
	}
}

/* A line of d in which value number stands in place of the example's; for
 * two times in order, in place of both. */
static void
with_value(char *out, size_t size, const struct conf_directive *d,
    size_t number, const char *value)
{
	const char *p = example(d);
	bool both = d->args[0].type == CONF_TIME &&
	    d->args[1].type == CONF_TIME;
	size_t i, n, len;

	len = (size_t)snprintf(out, size, "%s", d->name);
	for (i = 0; *p != '\0'; i++, p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (i == number || both)
			len += (size_t)snprintf(out + len, size - len, " %s",
			    value);
		else
			len += (size_t)snprintf(out + len, size - len,
			    " %.*s", (int)n, p);
	}
}

static void
try_value(const struct conf_directive *d, size_t number, uint64_t value,
    bool is_good)
{
	static const char *const units[] = { [CONF_TIME] = "ms",
	    [CONF_SECONDS] = "s", [CONF_SIZE] = "", [CONF_NUMBER] = "" };
	char text[64], line[200], file[300];
	struct conf *conf;

	(void)snprintf(text, sizeof(text), "%llu%s", (unsigned long long)value,
	    units[d->args[number].type]);
	with_value(line, sizeof(line), d, number, text);
	wrap(file, sizeof(file), d, line);
	conf = load(file);
	ok((conf != NULL) == is_good && (is_good ||
	    strstr(said(), "is out of range: ") != NULL), "%s is %s", line,
	    is_good ? "good" : "too much or too little");
	conf_free(conf);
}

static void
test_limits(const struct conf_directive *d)
{
	char line[200], file[300];
	size_t i;

	for (i = 0; i < CONF_ARGS; i++) {
		const struct conf_arg *arg = &d->args[i];

		if (arg->max == 0)
			continue;
		try_value(d, i, arg->min, true);
		try_value(d, i, arg->max, true);
		try_value(d, i, arg->max + 1, false);
		if (arg->min > 0)
			try_value(d, i, arg->min - 1, false);
		with_value(line, sizeof(line), d, i, "99999999999999999999");
		wrap(file, sizeof(file), d, line);
		ok(load(file) == NULL, "%s", line);
		with_value(line, sizeof(line), d, i, "-1");
		wrap(file, sizeof(file), d, line);
		ok(load(file) == NULL, "%s", line);
	}
}

static void
test_places(void)
{
	bad_part("server a { workers 2 }\n", "1:12: \"workers\" does not "
	    "belong in a server block");
	bad_part("fields 5\n", "\"fields\" does not belong at main level");
	bad_part("server a { location / { server b { } } }\n", "\"server\" "
	    "does not belong in a location block");
	bad_part("limits { cpu 5s }\n", "it belongs in: cgi-limits block");
	bad_part("limits { listing on }\n", "\"listing\" does not belong in");
	bad_part("deflate on\n", "unknown directive \"deflate\" at main level");
	bad_part("max_body 5m\n", "did you mean \"max-body\"?");
	bad_part("server a { wokers 5 }", "did you mean \"workers\"?");
	bad_part("server a { rot /x }", "did you mean \"root\"?");
	bad_part("Root /x\n", "did you mean \"root\"?");
}

static void
test_values(void)
{
	bad_part("limits { header 16K }\n", "\"16K\" is not a size");
	bad_part("limits { header 18446744073709551616 }\n", "is not a size");
	bad_part("limits { header 18014398509481985k }\n", "is not a size");
	bad_part("limits { keepalive 15 }\n", "\"15\" is not a time");
	bad_part("limits { keepalive s }\n", "\"s\" is not a time");
	bad_part("limits { keepalive 1w }\n", "\"1w\" is not a time");
	bad_part("limits { fields 5k }\n", "\"5k\" is not a number");
	bad_part("limits { fields \"\" }\n", "\"\" is not a number");
	bad_part("workers automatic\n", "\"automatic\" is not a number");
	bad_part("cgi-limits { cpu 1500ms }\n",
	    "\"1500ms\" is not a time in whole seconds");
	bad_part("cgi-limits { stderr never }\n",
	    "write on-failure, always or off");
	bad_part("cgi-limits { timeout 30s 20s }\n",
	    "\"20s\" is before \"30s\"");
	bad_part("cgi-limits { kill 2s 1s }\n", "\"1s\" is before \"2s\"");
	bad_part("cgi-limits { processes 5 queue }\n", "too few values");
	bad_part("cgi-limits { processes 5 line 5 5s }\n", "write queue");
	bad_part("tls { protocols 1.1 }\n", "write 1.2 or 1.3");
	bad_part("tls { protocols 1.2 1.2 }\n", "\"1.2\" is there twice");
	bad_part("tls { ciphers \"\" }\n", "an empty list of ciphers");
	bad_part("sandbox ON\n", "\"ON\" is not on or off");
}

static void
test_main_values(void)
{
	char path[1 << 13];

	bad_part("user root\n", "workers cannot run as root");
	bad_part("pidfile \"\"\n", "an empty path");
	bad_part("control \"\"\n", "an empty path");
	bad_part("log { access off common }\n", "too many values");
	bad_part("log { access none }\n", "\"none\" does not fit here");
	bad_part("log { access x clf }\n", "write combined, common, vhost, "
	    "json or cgi");
	bad_part("log { error off }\n", "\"off\" does not fit here");
	bad_part("log { access syslog }\n", "\"syslog\" does not fit here");
	bad_part("log { error x loud }\n", "write debug, info, warn or error");
	bad_part("types { html }\n", "a type and its extensions");
	bad_part("types { html html }\n", "\"html\" is not a media type");
	bad_part("types { text/x .html }\n", "\".html\" is not an extension");
	bad_part("types { \"a/b\xc3\xbc\" c }\n", "is not a media type");
	bad_part("types { a/b { } }\n", "a type and its extensions");
	memset(path, 'x', sizeof(path));
	memcpy(path, "root ", 5);
	path[sizeof(path) - 1] = '\0';
	bad_part(path, "this path is too long");
}

static void
test_help(void)
{
	struct buf out = { 0 };
	size_t i;
	int wrong = 0;

	for (i = 0; i < conf_schema_count(); i++)
		wrong += conf_help(conf_schema_at(i)->name, &out);
	ok(wrong == 0, "every directive has its help");
	ok(conf_help("nosuch", &out) == -1, "nothing else has");
	buf_free(&out);
	(void)conf_help("keepalive", &out);
	ok(str_eq(buf_str(&out), STR("keepalive TIME [N]\n"
	    "    How long an idle connection is kept, and for how many "
	    "requests.\n"
	    "    belongs in: limits block\n"
	    "    default: 15s 1000\n"
	    "    range: 1s to 1d, 1 to 1000000000\n"
	    "    a change needs: a reload\n")), "and it reads well");
	buf_free(&out);
	ok(conf_help_list(&out) == 0 && buf_put(&out, "", 1) == 0,
	    "there is a list");
	for (i = 0, wrong = 0; i < conf_schema_count(); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "  %s ",
		    conf_schema_at(i)->name);
		wrong += strstr(buf_head(&out), line) == NULL;
	}
	ok(wrong == 0, "with every one of them");
	buf_free(&out);
	ok(str_eq(conf_help_nearest("lisen"), STR("listen")), "a slip");
	ok(conf_help_nearest("zzzzzz").n == 0, "a word that is near to none");
}

int
main(void)
{
	size_t i;

	enter();
	for (i = 0; i < conf_schema_count(); i++)
		test_each(conf_schema_at(i));
	for (i = 0; i < conf_schema_count(); i++)
		test_limits(conf_schema_at(i));
	test_places();
	test_values();
	test_main_values();
	test_help();
	leave();
	return done_testing();
}
