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

/* What is left to ask of a client with this address. */
enum left {
	LEFT_NONE,
	LEFT_PASSWORD,
	LEFT_DENIED			/* nothing would help */
};

static enum left
look_at_address(const struct request *r, const struct conf_access *a)
{
	const struct conf_rule *rule = find_rule(a, &r->client->peer);

	if (a->require == CONF_REQUIRE_ANY) {
		if (rule != NULL && rule->allow)
			return LEFT_NONE;
		if (a->realm != NULL)
			return LEFT_PASSWORD;
	}
	if (rule == NULL ? a->allows : !rule->allow)
		return LEFT_DENIED;
	return a->realm == NULL ? LEFT_NONE : LEFT_PASSWORD;
}

static int
check(struct request *r, const struct conf_access *a)
{
	enum left left = r->hold != NULL ? LEFT_PASSWORD :
	    look_at_address(r, a);

	if (left == LEFT_DENIED)
		return 403;
	return left == LEFT_PASSWORD ? auth_gate(r, a) : 0;
}

bool
access_is_denied(const struct request *r, const struct conf_location *l)
{
	return l->answer.refuse != 0 ||
	    look_at_address(r, &l->access) == LEFT_DENIED;
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
