/* Which proxies are trusted. */
#include "common/conf_trust.h"

const struct conf_trust *
conf_trust_find(const struct conf *conf, const struct net_addr *peer)
{
	struct cidr client;
	size_t i;

	if (conf->ntrust == 0)
		return NULL;
	client = cidr_of(peer);
	for (i = 0; i < conf->ntrust; i++)
		if (cidr_has(&conf->trust[i].net, &client))
			return &conf->trust[i];
	return NULL;
}
