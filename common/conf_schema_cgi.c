/*
 * The directives of scripts.
 */
#include "common/conf_schema_table.h"

/* In the order of their enum, which begins at 1. */
static const char *const stderrs[] = { "on-failure", "always", "off", NULL };
static const char *const bodies[] = { "spool", "stream", NULL };
static const char *const queues[] = { "queue", NULL };

static const struct conf_directive directives[] = {
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
  .help = "The time for a script's first byte, for each further one, and for "
    "all of it." },
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
{ .name = "body", .shape = "spool | stream", .value = "spool", .least = 1,
  .most = 1, .where = CONF_IN_CGI_LIMITS,
  .args = { { .type = CONF_CHOICE, .choices = bodies,
    IN_SITE(cgi.body_mode) } },
  .help = "Whether a request's body is complete before its script starts, or "
    "handed to it as it comes." },
};

const struct conf_schema_table conf_schema_cgi = {
	directives, sizeof(directives) / sizeof(directives[0])
};
