/*
 * Which proxies may say by whom they are sent.
 */
#include "common/conf_build.h"

#include <string.h>

/* Where net belongs among the others, or is already. */
static size_t
find(const struct conf *conf, const struct cidr *net)
{
	size_t i;

	for (i = 0; i < conf->ntrust; i++)
		if (cidr_order(&conf->trust[i].net, net) >= 0)
			break;
	return i;
}

static void
add(const struct conf_scope *scope, const struct conf_word *word)
{
	struct conf *conf = &scope->tree->conf;
	struct conf_trust trust = scope->tree->trust, *all;
	size_t at;

	trust.pos = word->pos;
	if (!conf_build_network(scope, word, &trust.net))
		return;
	at = find(conf, &trust.net);
	if (at < conf->ntrust &&
	    cidr_order(&conf->trust[at].net, &trust.net) == 0) {
		conf_wrong(scope, word, "keep one of them", "this network was "
		    "given already at %s:%u", conf->trust[at].pos.file,
		    conf->trust[at].pos.line);
		return;
	}
	all = conf_grow(scope->tree, conf->trust, conf->ntrust, sizeof(*all));
	if (all == NULL)
		return;
	memmove(all + at + 1, all + at, (conf->ntrust - at) * sizeof(*all));
	all[at] = trust;
	conf->trust = all;
	conf->ntrust++;
}

void
conf_set_trust(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_trust *trust = &scope->tree->trust;
	size_t i;

	*trust = (struct conf_trust){ .forwarded = CONF_FORWARDED_OFF };
	conf_build_some(scope, node, false);
	if (node->first == NULL)
		conf_wrong(scope, &node->words[0], "write proxy-protocol on or "
		    "forwarded X-Forwarded-For into it; or forwarded off, for "
		    "a proxy behind another", "trust-proxy with an empty "
		    "block: its proxies say nothing");
	if (trust->proxy_protocol && trust->forwarded != CONF_FORWARDED_OFF)
		conf_wrong(scope, &node->words[0], "keep one of them; requests "
		    "of a proxy behind this one need a trust-proxy of its "
		    "own", "proxy-protocol says the address already, forwarded "
		    "would be for nothing");
	for (i = 1; i < node->nwords; i++)
		add(scope, &node->words[i]);
}
