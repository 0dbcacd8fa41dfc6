/*
 * The directives of servers and locations.
 */
#include "common/conf_schema_table.h"

/* In the order of their enum, which begins at 1. */
static const char *const requires[] = { "all", "any", NULL };

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
{ .name = "access-log", .shape = "on | off", .value = "on", .least = 1,
  .most = 1, .where = CONF_IN_SITE,
  .args = { { .type = CONF_SWITCH, IN_SITE(access_log) } },
  .help = "Writes requests to the access log." },
{ .name = "max-body", .shape = "SIZE", .least = 1, .most = 1,
  .where = CONF_IN_SITE,
  .args = { { RANGE(CONF_SIZE, 0, T), IN_SITE(max_body) } },
  .help = "The size of a request's body; otherwise it is that of limits." },
{ .name = "allow", .shape = "NETWORK...", .least = 1, .most = CONF_MANY,
  .many = true, .where = CONF_IN_SITE, .apply = conf_set_rules,
  .help = "Lets clients in by their address; where anything is allowed, "
    "everybody else stays out." },
{ .name = "deny", .shape = "NETWORK...", .least = 1, .most = CONF_MANY,
  .many = true, .where = CONF_IN_SITE, .apply = conf_set_rules,
  .help = "Keeps clients out by their address; of all that is allowed and "
    "denied the narrowest network decides." },
{ .name = "auth", .shape = "REALM FILE | off", .value = "off", .least = 1,
  .most = 2, .where = CONF_IN_SITE, .apply = conf_set_auth,
  .help = "Asks for a user and a password of FILE; \"pyked passwd\" makes "
    "its entries." },
{ .name = "require", .shape = "all | any", .value = "all", .least = 1,
  .most = 1, .where = CONF_IN_SITE, .apply = conf_set_require,
  .args = { { .type = CONF_CHOICE, .choices = requires,
    IN_SITE(access.require) } },
  .help = "Whether a client needs the right address and a password (all) or "
    "one of them (any)." },
{ .name = "location", .shape = "[=] PATH { ... }", .least = 1, .most = 2,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .block = CONF_IN_LOCATION,
  .many = true, .late = true, .apply = conf_set_location,
  .help = "What is different below PATH, at PATH alone (=), or for names "
    "that end in .EXT (*.EXT)." },
};

const struct conf_schema_table conf_schema_site = {
	directives, sizeof(directives) / sizeof(directives[0])
};
