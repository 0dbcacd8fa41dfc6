/*
 * The directives of servers and locations.
 */
#include "common/conf_schema_table.h"

/* In the order of their enums, which begin at 1. */
static const char *const symlinks[] = { "off", "beneath", "on", NULL };
static const char *const codings[] = { "off", "br", "gz", NULL };

static const struct conf_directive directives[] = {
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
{ .name = "symlinks", .shape = "off | beneath | on", .value = "beneath",
  .least = 1, .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_CHOICE, IN_SITE(symlinks),
    .choices = symlinks } },
  .help = "Which symbolic links are followed: none, those that stay below the "
    "root, or all." },
{ .name = "cache", .shape = "[NAME...] TIME | no-cache | no-store | off",
  .least = 1, .most = CONF_MANY, .many = true, .where = CONF_IN_SITE,
  .apply = conf_set_cache,
  .help = "How long files with such names (*.css, index.html) may be kept by "
    "browsers and caches." },
{ .name = "precompressed", .shape = "off | br | gz | br gz | gz br",
  .value = "off", .least = 1, .most = 2, .where = CONF_IN_SITE,
  .apply = conf_set_precompressed,
  .args = { { .type = CONF_CHOICE, .choices = codings },
    { .type = CONF_CHOICE, .choices = codings } },
  .help = "Sends FILE.br or FILE.gz in the place of FILE to who takes it." },
{ .name = "gzip", .shape = "off | TYPE...", .value = "off", .least = 1,
  .most = CONF_MANY, .where = CONF_IN_SITE, .apply = conf_set_gzip,
  .help = "Compresses files of these media types while they are sent." },
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
};

const struct conf_schema_table conf_schema_site = {
	directives, sizeof(directives) / sizeof(directives[0])
};
