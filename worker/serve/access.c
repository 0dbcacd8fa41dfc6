/* By address, by password, or both. */
#include "worker/serve/access.h"

#include "common/conf.h"
#include "worker/http/request.h"
#include "worker/serve/auth.h"

/* The rule that decides, or NULL. Narrower networks stand first. */
static const struct conf_rule *
find_rule(const struct conf_access *a, const struct net_addr *peer)
{
	struct cidr client;
	size_t i;

	if (a->nrules == 0)
		return NULL;
	client = cidr_of(peer);
	for (i = 0; i < a->nrules; i++)
		if (cidr_has(&a->rules[i].net, &client))
			return &a->rules[i];
	return NULL;
}

static int
check(struct request *r, const struct conf_access *a)
{
	const struct conf_rule *rule;

	if (r->hold != NULL)
		return auth_gate(r, a);
	rule = find_rule(a, &r->client->peer);
	if (a->require == CONF_REQUIRE_ANY) {
		if (rule != NULL && rule->allow)
			return 0;
		if (a->realm != NULL)
			return auth_gate(r, a);
	}
	if (rule == NULL ? a->allows : !rule->allow)
		return 403;
	return a->realm == NULL ? 0 : auth_gate(r, a);
}

int
access_gate_first(struct request *r)
{
	if (r->hold == NULL)
		r->user = NULL;
	return r->place[0] == NULL ? 0 : check(r, &r->place[0]->access);
}

int
access_gate_second(struct request *r)
{
	return r->place[1] == NULL ? 0 : check(r, &r->place[1]->access);
}

int
access_gate(struct request *r)
{
	return check(r, &r->location->access);
}
