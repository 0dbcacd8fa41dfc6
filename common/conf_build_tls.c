/*
 * What is said of TLS beyond protocols and ciphers, and whether there is any.
 */
#include "common/conf_build.h"

#include <errno.h>
#include <string.h>

#include "common/conf_file.h"

/* RFC 8446 4.6.1: no ticket is good for longer than seven days. */
#define ROTATE_MIN_MS	((uint64_t)1000)
#define ROTATE_MAX_MS	((uint64_t)7 * 24 * 3600 * 1000)

static void
set_rotate(const struct conf_scope *scope, const struct conf_word *time)
{
	static const struct conf_arg ms = { .type = CONF_TIME };
	uint64_t value;

	if (conf_value_read(&ms, time->text, &value) == -1)
		conf_wrong(scope, time, "write a time like 8h", "\"%s\" is not "
		    "a time", time->text.p);
	else if (value < ROTATE_MIN_MS || value > ROTATE_MAX_MS)
		conf_wrong(scope, time, NULL, "\"%s\" is out of range: rotate "
		    "takes 1s to 7d", time->text.p);
	else
		scope->tree->conf.tickets.rotate_ms = (int64_t)value;
}

static void
set_file(const struct conf_scope *scope, const struct conf_word *path)
{
	struct conf_tickets *t = &scope->tree->conf.tickets;

	t->path = path->text.n == 0 ? NULL : conf_file_resolve(
	    &scope->tree->arena, path->pos.file, path->text);
	if (t->path == NULL)
		conf_wrong(scope, path, NULL, "%s", path->text.n == 0 ?
		    "an empty path" : strerror(errno));
}

void
conf_set_tickets(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_tickets *t = &scope->tree->conf.tickets;
	bool alone = node->nwords == 2;

	t->kind = (enum conf_tickets_kind)node->words[1].value;
	t->pos = node->words[node->nwords - 1].pos;
	if (alone != (t->kind == CONF_TICKETS_OFF))
		conf_wrong(scope, &node->words[1], "write: tickets rotate 8h, "
		    "tickets file PATH or tickets off", "too %s values for "
		    "\"tickets\"", alone ? "few" : "many");
	else if (t->kind == CONF_TICKETS_ROTATE)
		set_rotate(scope, &node->words[2]);
	else if (t->kind == CONF_TICKETS_FILE)
		set_file(scope, &node->words[2]);
}

void
conf_set_client(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_client *c = &scope->server->client;
	const struct conf_word *mode = &node->words[1];
	bool alone = node->nwords == 2;

	c->mode = (enum conf_client_mode)mode->value;
	c->pos = node->words[node->nwords - 1].pos;
	if (alone != (c->mode == CONF_CLIENT_OFF))
		conf_wrong(scope, mode, "write: client-certificate off, "
		    "optional FILE or required FILE", "too %s values for "
		    "\"client-certificate\"", alone ? "few" : "many");
	else if (!alone)
		c->path = node->words[2].path;
}

/* --- is there any? --- */

static bool
listens_tls(const struct conf *conf, const struct conf_server *s)
{
	for (size_t i = 0; i < conf->nlistens; i++) {
		const struct conf_listen *l = &conf->listens[i];

		for (size_t k = 0; l->tls && k < l->nservers; k++)
			if (l->servers[k] == s)
				return true;
	}
	return false;
}

/* RFC 6797 7.2: it is never sent by plain http, so nobody would ever see it.
 * Those that a proxy brings came by https when it says so. */
static void
check_hsts(struct conf_tree *tree, const struct conf_answer *a,
    const struct conf_answer *outer)
{
	if (!a->hsts || tree->conf.ntrust > 0 ||
	    (outer != NULL && a->hsts_pos.file == outer->hsts_pos.file &&
	    a->hsts_pos.line == outer->hsts_pos.line &&
	    a->hsts_pos.col == outer->hsts_pos.col))
		return;
	conf_error(tree->errors, &a->hsts_pos, CONF_WORD, "add \"listen 443 "
	    "tls\" and \"certificate FILE KEY\", or take hsts away",
	    "hsts, but no listen with tls: it is sent by https alone");
}

static void
check_client(struct conf_tree *tree, const struct conf_server *s)
{
	if (s->client.mode > CONF_CLIENT_OFF)
		conf_error(tree->errors, &s->client.pos, CONF_WORD, "add "
		    "\"listen 443 tls\" and \"certificate FILE KEY\" to this "
		    "server", "client-certificate, but no listen with tls");
}

void
conf_build_check_tls(struct conf_tree *tree)
{
	const struct conf *conf = &tree->conf;
	bool any = false;

	for (size_t i = 0; i < conf->nservers; i++) {
		const struct conf_server *s = &conf->servers[i];

		if (listens_tls(conf, s)) {
			any = true;
			continue;
		}
		check_client(tree, s);
		check_hsts(tree, &s->base.answer, &tree->base.answer);
		for (size_t k = 0; k < s->nlocations; k++)
			check_hsts(tree, &s->locations[k].answer,
			    &s->base.answer);
	}
	if (!any)
		check_hsts(tree, &tree->base.answer, NULL);
}
