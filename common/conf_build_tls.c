/*
 * What is said of TLS beyond protocols and ciphers, and whether there is any.
 */
#include "common/conf_build.h"

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
		check_hsts(tree, &s->base.answer, &tree->base.answer);
		for (size_t k = 0; k < s->nlocations; k++)
			check_hsts(tree, &s->locations[k].answer,
			    &s->base.answer);
	}
	if (!any)
		check_hsts(tree, &tree->base.answer, NULL);
}
