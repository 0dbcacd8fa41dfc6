/*
 * Servers and their locations, written as they would be in a file.
 */
#include "common/conf_dump.h"

#include <string.h>

#include "common/conf.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"
#include "common/net.h"

static void
put_cgi(const struct dump *d, const struct conf_cgi *cgi,
    const struct conf_cgi *outer)
{
	static const char *const kinds[] = { "off", "on", "dir", "program",
	    "with" };
	struct buf path = { 0 };

	if (outer != NULL && cgi->kind == outer->kind &&
	    cgi->dir == outer->dir && cgi->program == outer->program)
		return;
	dump_indent(d);
	(void)buf_printf(d->out, "cgi %s", kinds[cgi->kind]);
	if (cgi->kind == CONF_CGI_PROGRAM)
		(void)buf_printf(&path, "%s/%s", cgi->dir->path, cgi->program);
	else if (cgi->kind == CONF_CGI_DIR)
		(void)buf_puts(&path, cgi->dir->path);
	else if (cgi->kind == CONF_CGI_WITH)
		(void)buf_puts(&path, cgi->program);
	if (buf_put(&path, "", 1) == 0 && *buf_head(&path) != '\0')
		dump_word(d, buf_head(&path));
	(void)buf_puts(d->out, "\n");
	buf_free(&path);
}

static bool
has_env(const struct conf_cgi *cgi, const char *variable)
{
	size_t i;

	for (i = 0; i < cgi->nenv; i++)
		if (strcmp(cgi->env[i], variable) == 0)
			return true;
	return false;
}

static void
put_env(const struct dump *d, const struct conf_cgi *cgi,
    const struct conf_cgi *outer)
{
	size_t i, n;

	for (i = 0; i < cgi->nenv; i++) {
		if (outer != NULL && has_env(outer, cgi->env[i]))
			continue;
		n = strcspn(cgi->env[i], "=");
		dump_indent(d);
		(void)buf_printf(d->out, "env %.*s", (int)n, cgi->env[i]);
		dump_word(d, cgi->env[i] + n + 1);
		(void)buf_puts(d->out, "\n");
	}
}

void
dump_site(struct dump *d, const struct conf_location *l,
    const struct conf_location *outer)
{
	size_t i;

	if (outer == NULL || l->root != outer->root)
		dump_line(d, "root", l->root->path, &l->root->pos);
	if (outer == NULL || l->index != outer->index) {
		dump_indent(d);
		(void)buf_puts(d->out, "index");
		for (i = 0; i < l->nindex; i++)
			dump_word(d, l->index[i]);
		(void)buf_puts(d->out, "\n");
	}
	dump_table(d, NULL, CONF_IN_SITE, l, outer);
	dump_files(d, l, outer);
	dump_access(d, l, outer);
	dump_limits(d, l, outer);
	dump_answer(d, &l->answer, outer == NULL ? NULL : &outer->answer);
	put_cgi(d, &l->cgi, outer == NULL ? NULL : &outer->cgi);
	put_env(d, &l->cgi, outer == NULL ? NULL : &outer->cgi);
	dump_table(d, "cgi-limits", CONF_IN_CGI_LIMITS, l, outer);
}

/* --- servers --- */

static void
put_location(struct dump *d, const struct conf_location *l,
    const struct conf_location *outer)
{
	struct buf path = { 0 };

	(void)buf_printf(&path, "%s%.*s",
	    l->match == CONF_MATCH_SUFFIX ? "*" : "", (int)l->path.n,
	    l->path.p);
	(void)buf_put(&path, "", 1);
	(void)buf_puts(d->out, "\n");
	dump_indent(d);
	(void)buf_printf(d->out, "location%s",
	    l->match == CONF_MATCH_EXACT ? " =" : "");
	if (buf_len(&path) > 0)
		dump_word(d, buf_head(&path));
	buf_free(&path);
	dump_open(d);
	dump_site(d, l, outer);
	dump_close(d);
}

static bool
listens(const struct conf_listen *l, const struct conf_server *s)
{
	size_t i;

	for (i = 0; i < l->nservers; i++)
		if (l->servers[i] == s)
			return true;
	return false;
}

/* Is this the IPv4 half of a port on all addresses, whose IPv6 half comes
 * right behind it, or later if another server named the port first? */
static bool
is_half(const struct conf *conf, size_t number, const struct conf_server *s)
{
	const struct conf_listen *l = &conf->listens[number];
	uint16_t port = net_addr_port(&l->addr);
	size_t i, last = port == 0 ? number + 2 : conf->nlistens;

	if (l->addr.family != AF_INET || l->addr.in4.sin_addr.s_addr !=
	    htonl(INADDR_ANY))
		return false;
	for (i = number + 1; i < last && i < conf->nlistens; i++)
		if (conf->listens[i].optional && listens(&conf->listens[i], s)
		    && net_addr_port(&conf->listens[i].addr) == port)
			return true;
	return false;
}

static void
put_listen(const struct dump *d, const struct conf_listen *l)
{
	char text[NET_ADDR_TEXT];

	dump_indent(d);
	(void)buf_puts(d->out, "listen");
	if (l->optional)
		(void)buf_printf(d->out, " %u",
		    (unsigned)net_addr_port(&l->addr));
	else if (l->path != NULL)
		dump_word(d, l->name);
	else
		(void)buf_printf(d->out, " %s", conf_listen_text(l, text));
	if (l->tls)
		(void)buf_puts(d->out, " tls");
	if (l->backlog > 0)
		(void)buf_printf(d->out, " backlog %d", l->backlog);
	if (l->path != NULL)
		(void)buf_printf(d->out, " mode %03o", l->mode);
	(void)buf_puts(d->out, "\n");
}

void
dump_server(struct dump *d, const struct conf_server *s)
{
	const struct conf *conf = &d->tree->conf;
	size_t i;

	(void)buf_puts(d->out, "\nserver");
	for (i = 0; i < s->nnames; i++)
		(void)buf_printf(d->out, " %.*s", (int)s->names[i].n,
		    s->names[i].p);
	dump_open(d);
	for (i = 0; i < conf->nlistens; i++)
		if (listens(&conf->listens[i], s) && !is_half(conf, i, s))
			put_listen(d, &conf->listens[i]);
	for (i = 0; i < s->ncerts; i++) {
		dump_indent(d);
		(void)buf_puts(d->out, "certificate");
		dump_word(d, s->certs[i].certificate);
		dump_word(d, s->certs[i].key);
		(void)buf_puts(d->out, "\n");
	}
	dump_client(d, &s->client);
	dump_site(d, &s->base, &d->tree->base);
	for (i = 0; i < s->nlocations; i++)
		put_location(d, &s->locations[i], &s->base);
	dump_close(d);
}
