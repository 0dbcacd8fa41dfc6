/*
 * The directives of the process: what it is, its limits, logs and TLS.
 */
#include "common/conf_schema_table.h"

static const char *const autos[] = { "auto", NULL };
/* In the order of their enums, which begin at 1. */
static const char *const formats[] = { "combined", "common", "vhost", "json",
    "cgi", NULL };
static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const forwarded[] = { "off", "X-Forwarded-For",
    "Forwarded", NULL };
static const char *const tickets[] = { "rotate", "file", "off", NULL };
static const char *const versions[] = { "1.2", "1.3", NULL };

static const struct conf_directive directives[] = {
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
{ .name = "file-cache", .shape = "SIZE", .value = "64m", .least = 1, .most = 1,
  .where = CONF_IN_MAIN,
  .args = { { RANGE(CONF_SIZE, 0, T), IN_CONF(file_cache) } },
  .help = "How many bytes of files a worker keeps at hand; 0 is none." },

/* --- limits --- */
{ .name = "limits", .shape = "{ ... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_LIMITS, .apply = conf_build_block,
  .help = "What a client may use up." },
{ .name = "connections", .shape = "N", .value = "4096", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_NUMBER, 1, 1000000), IN_CONF(limits.connections) } },
  .help = "How many connections a worker holds." },
{ .name = "per-ip", .shape = "N", .value = "0", .least = 1, .most = 1,
  .where = CONF_IN_LIMITS,
  .args = { { RANGE(CONF_NUMBER, 0, 65535), IN_CONF(limits.per_ip) } },
  .help = "How many connections a client address holds in all workers; 0 is "
    "any number." },
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

/* --- proxies --- */
{ .name = "trust-proxy", .shape = "NETWORK... { ... }", .least = 1,
  .most = CONF_MANY, .many = true, .where = CONF_IN_MAIN,
  .block = CONF_IN_TRUST, .apply = conf_set_trust,
  .help = "Proxies that may say whose requests they bring." },
{ .name = "proxy-protocol", .shape = "on | off", .value = "off", .least = 1,
  .most = 1, .where = CONF_IN_TRUST,
  .args = { { .type = CONF_SWITCH, FIELD(conf_tree, trust.proxy_protocol) } },
  .help = "Each of their connections begins with a header of the PROXY "
    "protocol, version 1 or 2." },
{ .name = "forwarded", .shape = "X-Forwarded-For | Forwarded | off",
  .value = "off", .least = 1, .most = 1, .where = CONF_IN_TRUST,
  .args = { { .type = CONF_CHOICE, .choices = forwarded,
    FIELD(conf_tree, trust.forwarded) } },
  .help = "The header field in which each of their requests has the "
    "addresses it came by." },

/* --- logs --- */
{ .name = "log", .shape = "{ ... }", .where = CONF_IN_MAIN,
  .block = CONF_IN_LOG, .apply = conf_build_block,
  .help = "Where pyked writes what it did and what went wrong." },
{ .name = "access",
  .shape = "PATH|stdout|stderr [combined|common|vhost|json|cgi] | off",
  .value = "/var/log/pyked/access.log combined", .least = 1, .most = 2,
  .where = CONF_IN_LOG, .apply = conf_set_access,
  .args = { { .type = CONF_ANY },
    { .type = CONF_CHOICE, .choices = formats, IN_CONF(access_format) } },
  .help = "One line for each request; the terminal in the foreground." },
{ .name = "error", .shape = "PATH|stderr|syslog [debug|info|warn|error]",
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
{ .name = "tickets", .shape = "rotate TIME | file PATH | off",
  .value = "rotate 8h", .least = 1, .most = 2, .where = CONF_IN_TLS,
  .apply = conf_set_tickets,
  .args = { { .type = CONF_CHOICE, .choices = tickets } },
  .help = "By which keys clients take up a session again: new ones after each "
    "such time, or those of a file." },
};

const struct conf_schema_table conf_schema_main = {
	directives, sizeof(directives) / sizeof(directives[0])
};
