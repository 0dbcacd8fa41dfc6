/*
 * Who is reached on which address.
 */
#include "common/conf_build.h"

#include <errno.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_file.h"
#include "common/net.h"

#define DEFAULT_PORT		8080
#define DEFAULT_PORT_TLS	8443

#define DEFAULT_MODE		0666	/* its folder decides who comes near */

static const char forms[] = "write PORT, ADDRESS:PORT, [V6]:PORT or "
    "unix:/PATH";

/* Splits "[::1]:80", "127.0.0.1:80", "*:80" or "80": 0 or -1. An empty host
 * is any address. */
static int
split(struct str text, struct str *host, struct str *port)
{
	const char *colon = text.n == 0 ? NULL : memrchr(text.p, ':', text.n);

	*host = (struct str){ text.p, 0 };
	*port = text;
	if (colon == NULL)
		return 0;
	host->n = (size_t)(colon - text.p);
	*port = (struct str){ colon + 1, text.n - host->n - 1 };
	if (host->n == 0)
		return -1;
	if (str_eq(*host, STR("*")))
		host->n = 0;
	else if (host->p[0] != '[' && memchr(host->p, ':', host->n) != NULL)
		return -1;
	return 0;
}

/* The address of a listen; family 0 stands for any address, and the port is
 * in in4 then. */
static bool
read_address(const struct conf_scope *scope, const struct conf_word *word,
    struct net_addr *addr)
{
	struct str host, port;
	uint64_t number;

	if (split(word->text, &host, &port) == -1 ||
	    str_u64(port, UINT64_MAX, &number) == -1) {
		conf_wrong(scope, word, forms,
		    "\"%s\" is not an address to listen on", word->text.p);
		return false;
	}
	if (number > UINT16_MAX) {
		conf_wrong(scope, word, NULL,
		    "port %.*s is out of range: a port is 0 to 65535",
		    (int)port.n, port.p);
		return false;
	}
	*addr = (struct net_addr){ .in4.sin_port = htons((uint16_t)number) };
	if (host.n == 0)
		return true;
	if (net_addr_parse(host, (uint16_t)number, addr) == -1 ||
	    (addr->family == AF_INET6) != (host.p[0] == '[')) {
		conf_wrong(scope, word, forms, "\"%.*s\" is not an address in "
		    "digits", (int)host.n, host.p);
		return false;
	}
	return true;
}

/* unix:/path, or a path that begins at the folder of the file. */
static bool
read_path(const struct conf_scope *scope, const struct conf_word *word,
    struct conf_listen *listen)
{
	struct arena *arena = &scope->tree->arena;
	struct str path = { word->text.p + 5, word->text.n - 5 };

	if (path.n == 0 || path.p[path.n - 1] == '/') {
		conf_wrong(scope, word, forms,
		    "\"%s\" is not an address to listen on", word->text.p);
		return false;
	}
	listen->addr = (struct net_addr){ .family = AF_UNIX };
	listen->mode = DEFAULT_MODE;
	listen->path = conf_file_resolve(arena, word->pos.file, path);
	if (listen->path == NULL) {
		conf_wrong(scope, word, NULL, "%s", strerror(errno));
		return false;
	}
	listen->name = arena_printf(arena, "unix:%s", listen->path);
	if (listen->name == NULL)
		conf_no_memory(scope->tree);
	return listen->name != NULL;
}

static bool
read_backlog(const struct conf_scope *scope, const struct conf_word *word,
    int *out)
{
	static const struct conf_arg number = { .type = CONF_NUMBER };
	uint64_t n;

	if (conf_value_read(&number, word->text, &n) == -1 || n < 1 ||
	    n > 65535) {
		conf_wrong(scope, word, NULL, "\"%s\" is out of range: backlog "
		    "takes 1 to 65535", word->text.p);
		return false;
	}
	*out = (int)n;
	return true;
}

/* Three digits, as chmod(1) has them. */
static bool
read_mode(const struct conf_scope *scope, const struct conf_word *word,
    unsigned *out)
{
	unsigned mode = 0;
	size_t i;

	for (i = 0; i < word->text.n && word->text.p[i] >= '0' &&
	    word->text.p[i] <= '7'; i++)
		mode = mode << 3 | (unsigned)(word->text.p[i] - '0');
	if (word->text.n != 3 || i != 3) {
		conf_wrong(scope, word, "write one like 660",
		    "\"%s\" is not a mode", word->text.p);
		return false;
	}
	*out = mode;
	return true;
}

/* `tls`, `backlog N` and `mode MODE` behind the address, in any order. */
static bool
read_options(const struct conf_scope *scope, const struct conf_node *node,
    struct conf_listen *listen)
{
	bool moded = false;
	size_t i;

	for (i = 2; i < node->nwords; i++) {
		const struct conf_word *word = &node->words[i];
		bool last = i + 1 == node->nwords;

		if (str_eq(word->text, STR("tls")) && !listen->tls) {
			listen->tls = true;
		} else if (str_eq(word->text, STR("backlog")) && !last &&
		    listen->backlog == 0) {
			if (!read_backlog(scope, &node->words[++i],
			    &listen->backlog))
				return false;
		} else if (str_eq(word->text, STR("mode")) && !last &&
		    listen->path != NULL && !moded) {
			moded = read_mode(scope, &node->words[++i],
			    &listen->mode);
			if (!moded)
				return false;
		} else {
			conf_wrong(scope, word, listen->path != NULL ?
			    "behind unix:PATH: tls, backlog N, mode MODE" :
			    "behind the port: tls, backlog N; each port has "
			    "a listen of its own",
			    "\"%s\" does not fit here", word->text.p);
			return false;
		}
	}
	return true;
}

/* --- one listener for all servers of an address --- */

static struct conf_listen *
find(const struct conf *conf, const struct conf_listen *wanted)
{
	size_t i;

	for (i = 0; i < conf->nlistens; i++)
		if (conf_listen_same(&conf->listens[i], wanted))
			return &conf->listens[i];
	return NULL;
}

static struct conf_listen *
add_listen(struct conf_scope *scope, const struct conf_listen *wanted)
{
	struct conf *conf = &scope->tree->conf;
	struct conf_listen *listens;

	listens = conf_grow(scope->tree, conf->listens, conf->nlistens,
	    sizeof(*listens));
	if (listens == NULL)
		return NULL;
	conf->listens = listens;
	listens[conf->nlistens] = *wanted;
	return &listens[conf->nlistens++];
}

static void
wrong_listen(const struct conf_scope *scope, const struct conf_listen *wanted,
    const struct conf_listen *l, const char *hint, const char *what)
{
	char text[NET_ADDR_TEXT];

	conf_error(scope->tree->errors, &wanted->pos, CONF_WORD, hint,
	    "%s %s at %s:%u", conf_listen_text(wanted, text), what,
	    l->pos.file, l->pos.line);
}

/* May wanted and l be one listener? */
static bool
agree(const struct conf_scope *scope, const struct conf_listen *wanted,
    const struct conf_listen *l)
{
	if (l->servers[l->nservers - 1] == scope->server) {
		wrong_listen(scope, wanted, l, "keep one of them",
		    "was given already");
		return false;
	}
	if (l->tls != wanted->tls) {
		wrong_listen(scope, wanted, l, "choose another port", l->tls ?
		    "is with tls" : "is without tls");
		return false;
	}
	if (l->backlog > 0 && wanted->backlog > 0 &&
	    l->backlog != wanted->backlog) {
		wrong_listen(scope, wanted, l, "say it once",
		    "has another backlog");
		return false;
	}
	if (l->mode != wanted->mode) {
		wrong_listen(scope, wanted, l, "say the same in both",
		    "has another mode");
		return false;
	}
	return true;
}

static bool
add_server(struct conf_scope *scope, const struct conf_listen *wanted)
{
	struct conf_listen *l = NULL;
	const struct conf_server **servers;

	if (wanted->path != NULL || net_addr_port(&wanted->addr) != 0)
		l = find(&scope->tree->conf, wanted);
	if (l == NULL)
		l = add_listen(scope, wanted);
	else if (!agree(scope, wanted, l))
		return false;
	if (l == NULL)
		return false;
	servers = conf_grow(scope->tree, l->servers, l->nservers,
	    sizeof(const struct conf_server *));
	if (servers == NULL)
		return false;
	l->servers = servers;
	servers[l->nservers++] = scope->server;
	l->optional &= wanted->optional;
	if (wanted->backlog > 0)
		l->backlog = wanted->backlog;
	return true;
}

/* A port alone: all addresses of both families, IPv6 if there is any. */
static void
add_any(struct conf_scope *scope, struct conf_listen *wanted, uint16_t port)
{
	wanted->addr = (struct net_addr){ .in4 = { .sin_family = AF_INET,
	    .sin_port = htons(port) } };
	if (!add_server(scope, wanted))
		return;
	wanted->addr = (struct net_addr){ .in6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) } };
	wanted->optional = true;
	(void)add_server(scope, wanted);
}

void
conf_set_listen(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_listen wanted = { .pos = node->words[1].pos };

	bool is_path = str_starts(node->words[1].text, STR("unix:"));

	if (is_path ? !read_path(scope, &node->words[1], &wanted) :
	    !read_address(scope, &node->words[1], &wanted.addr))
		return;
	if (!read_options(scope, node, &wanted))
		return;
	if (wanted.addr.family == 0)
		add_any(scope, &wanted, ntohs(wanted.addr.in4.sin_port));
	else
		(void)add_server(scope, &wanted);
}

void
conf_build_default_listens(struct conf_scope *scope)
{
	struct conf_listen plain = { .pos = scope->server->pos };
	struct conf_listen tls = { .pos = scope->server->pos, .tls = true };

	add_any(scope, &plain, DEFAULT_PORT);
	if (scope->server->ncerts > 0)
		add_any(scope, &tls, DEFAULT_PORT_TLS);
}

static bool
is_wildcard(const struct net_addr *a)
{
	if (a->family == AF_INET)
		return a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

void
conf_build_check_listen(struct conf_tree *tree, const struct conf_listen *one)
{
	struct conf_scope scope = { .tree = tree };
	const struct conf *conf = &tree->conf;
	size_t i;

	if (net_addr_port(&one->addr) == 0 ||
	    is_wildcard(&one->addr))
		return;
	for (i = 0; i < conf->nlistens; i++) {
		const struct conf_listen *all = &conf->listens[i];

		if (all->addr.family == one->addr.family &&
		    is_wildcard(&all->addr) && net_addr_port(&all->addr) ==
		    net_addr_port(&one->addr))
			wrong_listen(&scope, one, all, "write the same address "
			    "in both places, or another port",
			    "is part of the listen");
	}
}
