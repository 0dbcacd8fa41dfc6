/*
 * Every directive: where it may stand, what it takes, its default.
 */
#include "common/conf_schema.h"

#include "common/conf_build.h"
#include "common/conf_tree.h"

#define SECOND		((uint64_t)1000)
#define HOUR		(3600 * SECOND)
#define DAY		(24 * HOUR)
#define K		((uint64_t)1 << 10)
#define M		((uint64_t)1 << 20)
#define T		((uint64_t)1 << 40)

/* Where a value is kept. */
#define FIELD(type, member) \
	.off = offsetof(struct type, member), \
	.size = sizeof(((struct type *)NULL)->member)
#define IN_CONF(member)		FIELD(conf_tree, conf.member)
#define IN_SITE(member)		FIELD(conf_location, member)

#define RANGE(kind, low, high)	.type = (kind), .min = (low), .max = (high)

static const char *const autos[] = { "auto", NULL };
/* In the order of their enums, which begin at 1. */
static const char *const formats[] = { "combined", "common", NULL };
static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const stderrs[] = { "on-failure", "always", "off", NULL };
static const char *const versions[] = { "1.2", "1.3", NULL };
static const char *const queues[] = { "queue", NULL };

const struct conf_directive conf_schema[] = {
/* --- anywhere --- */
{ .name = "include", .shape = "PATTERN", .least = 1, .most = 1, .many = true,
  .where = CONF_IN_FILE | CONF_IN_ANY,
  .help = "Reads other files as if their text stood here." },
{ .name = "let", .shape = "NAME VALUE", .least = 2, .most = 2, .many = true,
  .where = CONF_IN_FILE | CONF_IN_ANY,
  .help = "Gives a value a name; $NAME stands for it from here to the end of "
    "the block." },

/* --- the process --- */
{ .name = "user", .shape = "NAME", .value = "www-data", .least = 1, .most = 1,
  .where = CONF_IN_MAIN, .restart = true, .apply = conf_set_user,
  .help = "Workers run as this user when pyked is started by root." },
{ .name = "workers", .shape = "auto | N", .value = "auto", .least = 1,
  .most = 1, .where = CONF_IN_MAIN, .apply = conf_set_workers,
  .args = { { RANGE(CONF_NUMBER, 1, 512), IN_CONF(workers),
    .choices = autos } },
  .help = "How many processes serve connections; auto is one for each CPU." },
{ .name = "pidfile", .shape = "PATH", .value = "/run/pyked/pyked.pid",
  .least = 1, .most = 1, .where = CONF_IN_MAIN, .restart = true,
  .apply = conf_set_pidfile, .args = { { .type = CONF_PATH } },
  .help = "Holds the master's process id and keeps a second master away." },
{ .name = "control", .shape = "PATH", .value = "/run/pyked/control.sock",
  .least = 1, .most = 1, .where = CONF_IN_MAIN, .restart = true,
  .apply = conf_set_control, .args = { { .type = CONF_PATH } },
  .help = "The socket by which \"pyked reload\" and \"pyked status\" speak "
    "with the master; beside the pid file when that alone is named." },
{ .name = "drain", .shape = "TIME", .value = "30s", .least = 1, .most = 1,
  .where = CONF_IN_MAIN,
  .args = { { RANGE(CONF_TIME, 0, DAY), IN_CONF(drain_ms) } },
  .help = "How long old workers may finish after a reload or a graceful "
    "stop." },
{ .name = "sandbox", .shape = "on | off", .value = "on", .least = 1, .most = 1,
  .where = CONF_IN_MAIN, .args = { { .type = CONF_SWITCH, IN_CONF(sandbox) } },
  .help = "Workers can gain no privileges and be read by no other process." },
{ .name = "spool", .shape = "PATH [SIZE]", .value = "/var/lib/pyked 1g",
  .least = 1, .most = 2, .where = CONF_IN_MAIN, .apply = conf_set_spool,
  .args = { { .type = CONF_PATH },
    { RANGE(CONF_SIZE, M, 1024 * T), IN_CONF(spool_total) } },
  .help = "Where large request bodies wait for a script, and how much room "
    "those of one worker may take." },

/* --- limits --- */
{ .name = "limits", .shape = "{ ... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_LIMITS, .apply = conf_build_block,
  .help = "What a client may use up." },
{ .name = "connections", .shape = "N", .value = "4096", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_NUMBER, 1, 1000000), IN_CONF(limits.connections) } },
  .help = "How many connections a worker holds." },
{ .name = "header", .shape = "SIZE [TIME]", .value = "16k 10s", .least = 1,
  .most = 2, .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_SIZE, 512, M), IN_CONF(limits.header_size) },
    { RANGE(CONF_TIME, 10, HOUR), IN_CONF(limits.header_ms) } },
  .help = "The size of a request's head, and the time for it to arrive (a TLS "
    "handshake has as long)." },
{ .name = "fields", .shape = "N", .value = "100", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_NUMBER, 1, 128), IN_CONF(limits.fields) } },
  .help = "How many header fields a request may have." },
{ .name = "body", .shape = "SIZE [TIME]", .value = "8m 10s", .least = 1,
  .most = 2, .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_SIZE, 0, T), FIELD(conf_tree, limits_body) },
    { RANGE(CONF_TIME, 10, DAY), IN_CONF(limits.body_ms) } },
  .help = "The size of a request's body where no max-body is given, and how "
    "long it may stand still." },
{ .name = "min-rate", .shape = "SIZE", .value = "500", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_SIZE, 0, 1024 * M), IN_CONF(limits.min_rate) } },
  .help = "How many bytes a second a client must keep up, on average." },
{ .name = "keepalive", .shape = "TIME [N]", .value = "15s 1000", .least = 1,
  .most = 2, .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_TIME, SECOND, DAY), IN_CONF(limits.keepalive_ms) },
    { RANGE(CONF_NUMBER, 1, 1000000000),
    IN_CONF(limits.keepalive_requests) } },
  .help = "How long an idle connection is kept, and for how many requests." },
{ .name = "send", .shape = "TIME", .value = "30s", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_TIME, 10, DAY), IN_CONF(limits.send_ms) } },
  .help = "How long a client may take nothing of its answer." },

/* --- logs --- */
{ .name = "log", .shape = "{ ... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_LOG, .apply = conf_build_block,
  .help = "Where pyked writes what it did and what went wrong." },
{ .name = "access", .shape = "PATH|stdout|stderr [combined|common] | off",
  .value = "/var/log/pyked/access.log combined", .least = 1, .most = 2,
  .where = CONF_IN_LOG, .apply = conf_set_access,
  .args = { { .type = CONF_ANY },
    { .type = CONF_CHOICE, .choices = formats, IN_CONF(access_format) } },
  .help = "One line for each request; the terminal in the foreground." },
{ .name = "error", .shape = "PATH|stderr [debug|info|warn|error]",
  .value = "/var/log/pyked/error.log info", .least = 1, .most = 2,
  .where = CONF_IN_LOG, .apply = conf_set_error,
  .args = { { .type = CONF_ANY },
    { .type = CONF_CHOICE, .choices = levels, IN_CONF(error_level) } },
  .help = "Everything else worth knowing, from this level on; the terminal in "
    "the foreground." },

/* --- files and TLS --- */
{ .name = "types", .shape = "{ TYPE EXTENSION... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_TYPES, .many = true, .apply = conf_set_types,
  .help = "Media types of files by extension, before the built-in ones." },
{ .name = "tls", .shape = "{ ... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_TLS, .apply = conf_build_block,
  .help = "How https is spoken." },
{ .name = "protocols", .shape = "[1.2] [1.3]", .value = "1.2 1.3", .least = 1,
  .most = 2, .where = CONF_IN_TLS, .apply = conf_set_protocols,
  .args = { { .type = CONF_CHOICE, .choices = versions },
    { .type = CONF_CHOICE, .choices = versions } },
  .help = "The versions of TLS that are spoken." },
{ .name = "ciphers", .shape = "default | LIST", .value = "default", .least = 1,
  .most = 1, .where = CONF_IN_TLS, .apply = conf_set_ciphers,
  .help = "OpenSSL's names of the ciphers, with colons between; default is a "
    "good choice." },

/* --- sites --- */
{ .name = "server", .shape = "[NAME...] { ... }", .most = CONF_MANY,
  .where = CONF_IN_MAIN,
  .block = CONF_IN_SERVER, .many = true, .late = true,
  .apply = conf_set_server,
  .help = "One site, for requests to these names; *.NAME is all below NAME, "
    "* or none is any." },
{ .name = "listen", .shape = "[ADDRESS:]PORT [tls] [backlog N]",
  .value = "8080", .least = 1, .most = 4, .many = true, .late = true,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .apply = conf_set_listen,
  .help = "Where the server is reached; a PORT alone is on all IPv4 and IPv6 "
    "addresses. With a certificate the default is 8443 tls, too." },
{ .name = "certificate", .shape = "FILE KEY", .least = 2, .most = 2,
  .many = true, .late = true, .where = CONF_IN_MAIN | CONF_IN_SERVER,
  .apply = conf_set_certificate,
  .args = { { .type = CONF_PATH }, { .type = CONF_PATH } },
  .help = "The certificate (with its chain) and key for tls, in PEM; once "
    "with ECDSA and once with RSA keys, if need be." },
{ .name = "root", .shape = "PATH", .value = "/var/www/html", .least = 1,
  .most = 1, .where = CONF_IN_SITE, .apply = conf_set_root,
  .args = { { .type = CONF_PATH } },
  .help = "The folder whose files are served." },
{ .name = "index", .shape = "NAME...", .value = "index.html", .least = 1,
  .most = CONF_MANY,
  .where = CONF_IN_SITE, .apply = conf_set_index,
  .help = "The files that stand for their folder, tried in this order." },
{ .name = "listing", .shape = "on | off", .value = "off", .least = 1,
  .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_SWITCH, IN_SITE(listing) } },
  .help = "Shows what is in a folder that has no index." },
{ .name = "dotfiles", .shape = "on | off", .value = "off", .least = 1,
  .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_SWITCH, IN_SITE(dotfiles) } },
  .help = "Serves names that begin with a dot, too." },
{ .name = "access-log", .shape = "on | off", .value = "on", .least = 1,
  .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_SWITCH, IN_SITE(access_log) } },
  .help = "Writes requests to the access log." },
{ .name = "max-body", .shape = "SIZE", .least = 1, .most = 1,
  .where = CONF_IN_SITE,
  .args = { { RANGE(CONF_SIZE, 0, T), IN_SITE(max_body) } },
  .help = "The size of a request's body; otherwise it is that of limits." },
{ .name = "location", .shape = "[=] PATH { ... }", .least = 1, .most = 2,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .block = CONF_IN_LOCATION,
  .many = true, .late = true, .apply = conf_set_location,
  .help = "What is different below PATH, at PATH alone (=), or for names "
    "that end in .EXT (*.EXT)." },

/* --- scripts --- */
{ .name = "cgi", .shape = "off | on | dir PATH | program PATH | with PATH",
  .value = "off", .least = 1, .most = 2, .where = CONF_IN_SITE,
  .apply = conf_set_cgi,
  .help = "Runs programs: the executable files of root (on) or of a folder "
    "(dir), one for all requests (program), or one with each file (with)." },
{ .name = "env", .shape = "NAME VALUE", .least = 2, .most = 2, .many = true,
  .where = CONF_IN_SITE, .apply = conf_set_env,
  .help = "One more environment variable for scripts." },
{ .name = "cgi-authorization", .shape = "on | off", .value = "off",
  .least = 1, .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_SWITCH, IN_SITE(cgi.authorization) } },
  .help = "Hands the Authorization field, with its password, to scripts." },
{ .name = "cgi-limits", .shape = "{ ... }", .where = CONF_IN_SITE,
  .block = CONF_IN_CGI_LIMITS, .apply = conf_build_block,
  .help = "What a script may use up." },
{ .name = "timeout", .shape = "FIRST TOTAL", .value = "30s 300s", .least = 2,
  .most = 2, .where = CONF_IN_CGI_LIMITS, .apply = conf_set_order,
  .args = { { RANGE(CONF_TIME, 10, 30 * DAY), IN_SITE(cgi.first_byte_ms) },
    { RANGE(CONF_TIME, 10, 30 * DAY), IN_SITE(cgi.total_ms) } },
  .help = "The time for a script's first byte, and for all of it." },
{ .name = "kill", .shape = "TERM KILL", .value = "500ms 2s", .least = 2,
  .most = 2, .where = CONF_IN_CGI_LIMITS, .apply = conf_set_order,
  .args = { { RANGE(CONF_TIME, 0, HOUR), IN_SITE(cgi.term_ms) },
    { RANGE(CONF_TIME, 0, HOUR), IN_SITE(cgi.kill_ms) } },
  .help = "How long after the end of its request a script gets SIGTERM, and "
    "SIGKILL." },
{ .name = "processes", .shape = "N [queue N TIME]", .value = "32 queue 64 10s",
  .least = 1, .most = 4, .where = CONF_IN_CGI_LIMITS,
  .apply = conf_set_processes,
  .args = { { RANGE(CONF_NUMBER, 1, 10000), IN_SITE(cgi.processes) },
    { .type = CONF_CHOICE, .choices = queues },
    { RANGE(CONF_NUMBER, 0, 100000), IN_SITE(cgi.queue) },
    { RANGE(CONF_TIME, 0, HOUR), IN_SITE(cgi.queue_ms) } },
  .help = "How many scripts a worker runs at once, how many requests may wait "
    "for one to end, and how long." },
{ .name = "cpu", .shape = "TIME", .value = "30s", .least = 1, .most = 1,
  .where = CONF_IN_CGI_LIMITS,
  .args = { { RANGE(CONF_SECONDS, 1, 30 * 86400), IN_SITE(cgi.cpu_s) } },
  .help = "The time on a CPU that each process of a script has." },
{ .name = "memory", .shape = "SIZE", .value = "1g", .least = 1, .most = 1,
  .where = CONF_IN_CGI_LIMITS,
  .args = { { RANGE(CONF_SIZE, M, 1024 * T), IN_SITE(cgi.memory) } },
  .help = "The memory that each process of a script has." },
{ .name = "fsize", .shape = "SIZE", .value = "1g", .least = 1, .most = 1,
  .where = CONF_IN_CGI_LIMITS,
  .args = { { RANGE(CONF_SIZE, 0, 1024 * T), IN_SITE(cgi.fsize) } },
  .help = "The size of a file that a script may write." },
{ .name = "stderr", .shape = "on-failure | always | off",
  .value = "on-failure", .least = 1, .most = 1, .where = CONF_IN_CGI_LIMITS,
  .args = { { .type = CONF_CHOICE, .choices = stderrs,
    IN_SITE(cgi.stderr_mode) } },
  .help = "When a script's standard error goes to the error log." },
};

const size_t conf_schema_n = sizeof(conf_schema) / sizeof(conf_schema[0]);

const struct conf_directive *
conf_schema_find(struct str name, unsigned where)
{
	size_t i;

	for (i = 0; i < conf_schema_n; i++)
		if ((conf_schema[i].where & where) != 0 &&
		    str_eq(str_from(conf_schema[i].name), name))
			return &conf_schema[i];
	return NULL;
}

const char *
conf_where_name(unsigned where)
{
	switch (where) {
	case CONF_IN_MAIN:
		return "main level";
	case CONF_IN_SERVER:
		return "server block";
	case CONF_IN_LOCATION:
		return "location block";
	case CONF_IN_LIMITS:
		return "limits block";
	case CONF_IN_LOG:
		return "log block";
	case CONF_IN_TLS:
		return "tls block";
	case CONF_IN_CGI_LIMITS:
		return "cgi-limits block";
	default:
		return "types block";
	}
}
