/*
 * The directives of servers and locations.
 */
#include "common/conf_schema_table.h"

/* In the order of their enums, which begin at 1. */
static const char *const symlinks[] = { "off", "beneath", "on", NULL };
static const char *const codings[] = { "off", "br", "gz", NULL };
static const char *const clients[] = { "off", "optional", "required", NULL };
static const char *const requires[] = { "all", "any", NULL };
static const char *const limits[] = { "rate", "bandwidth", NULL };
static const char *const headers[] = { "header", NULL };

static const struct conf_directive directives[] = {
{ .name = "server", .shape = "[NAME...] { ... }", .most = CONF_MANY,
  .where = CONF_IN_MAIN,
  .block = CONF_IN_SERVER, .many = true, .late = true,
  .apply = conf_set_server,
  .help = "One site, for requests to these names; *.NAME is all below NAME, "
    "* or none is any." },
{ .name = "listen",
  .shape = "[ADDRESS:]PORT | unix:PATH [tls] [backlog N] "
    "[mode MODE]",
  .value = "8080", .least = 1, .most = 6, .many = true, .late = true,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .apply = conf_set_listen,
  .help = "Where the server is reached; a PORT alone is on all IPv4 and IPv6 "
    "addresses. With a certificate the default is 8443 tls, too." },
{ .name = "certificate", .shape = "FILE KEY", .least = 2, .most = 2,
  .many = true, .late = true, .where = CONF_IN_MAIN | CONF_IN_SERVER,
  .apply = conf_set_certificate,
  .args = { { .type = CONF_PATH }, { .type = CONF_PATH } },
  .help = "The certificate (with its chain) and key for tls, in PEM; once "
    "with ECDSA and once with RSA keys, if need be." },
{ .name = "client-certificate", .shape = "off | optional FILE | required FILE",
  .value = "off", .least = 1, .most = 2, .late = true,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .apply = conf_set_client,
  .args = { { .type = CONF_CHOICE, .choices = clients },
    { .type = CONF_PATH } },
  .help = "Asks clients for a certificate by one of those in FILE, in PEM, and "
    "lets in who has one, or everybody (optional)." },
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
{ .name = "limit",
  .shape = "rate N/s|N/m|N/h [burst N] per ip | bandwidth SIZE per ip | "
    "rate off | bandwidth off", .least = 2, .most = 6, .many = true,
  .where = CONF_IN_SITE, .apply = conf_set_limit,
  .args = { { .type = CONF_CHOICE, .choices = limits } },
  .help = "What a client address may have in all workers: requests, or bytes "
    "a second." },
{ .name = "redirect", .shape = "301|302|303|307|308 TO | off",
  .value = "off", .least = 1, .most = 2, .where = CONF_IN_SITE,
  .of_request = true, .apply = conf_set_redirect,
  .help = "Every request is sent to another address; $rest is what the "
    "location left of the path, $query the query." },
{ .name = "fallback", .shape = "PATH | off", .value = "off", .least = 1,
  .most = 1, .where = CONF_IN_SITE, .apply = conf_set_fallback,
  .help = "The path that answers in place of a 404, with 200; for GET and "
    "HEAD." },
{ .name = "errors", .shape = "PATH | off", .value = "off", .least = 1,
  .most = 1, .where = CONF_IN_SITE, .apply = conf_set_errors,
  .args = { { .type = CONF_PATH } },
  .help = "A folder with pages for errors: 404.html, or 4xx.html and 5xx.html "
    "for all of a kind." },
{ .name = "header", .shape = "NAME VALUE", .least = 2, .most = 2, .many = true,
  .where = CONF_IN_SITE, .apply = conf_set_header,
  .help = "One more header field for every answer, errors included." },
{ .name = "no", .shape = "header NAME", .least = 2, .most = 2, .many = true,
  .where = CONF_IN_SITE, .apply = conf_set_no,
  .args = { { .type = CONF_CHOICE, .choices = headers } },
  .help = "Takes back the header fields of that name that outer blocks "
    "add." },
{ .name = "refuse", .shape = "STATUS | close | off", .value = "off",
  .least = 1, .most = 1, .where = CONF_IN_SITE, .apply = conf_set_refuse,
  .help = "Every request is answered with this status, 400 to 599, or not at "
    "all (close)." },
{ .name = "https", .shape = "only [PORT] | off", .value = "off", .least = 1,
  .most = 2, .where = CONF_IN_SITE, .apply = conf_set_https,
  .help = "Requests by http are sent to the same address by https." },
{ .name = "hsts", .shape = "TIME [subdomains] [preload] | off",
  .value = "off", .least = 1, .most = 3, .where = CONF_IN_SITE,
  .apply = conf_set_hsts,
  .help = "Tells browsers for how long they shall come by https alone." },
{ .name = "location", .shape = "[=] PATH { ... }", .least = 1, .most = 2,
  .where = CONF_IN_MAIN | CONF_IN_SERVER, .block = CONF_IN_LOCATION,
  .many = true, .late = true, .apply = conf_set_location,
  .help = "What is different below PATH, at PATH alone (=), or for names "
    "that end in .EXT (*.EXT)." },
};

const struct conf_schema_table conf_schema_site = {
	directives, sizeof(directives) / sizeof(directives[0])
};
