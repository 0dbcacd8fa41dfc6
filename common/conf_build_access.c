/*
 * Who may come in: by address, by password.
 */
#include "common/conf_build.h"

#include <errno.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_file.h"

#define REALM_MAX	200	/* bytes */

/* --- addresses --- */

bool
conf_build_network(const struct conf_scope *scope,
    const struct conf_word *word, struct cidr *net)
{
	enum cidr_fault fault = cidr_parse(word->text, net);
	char text[CIDR_TEXT];
	const char *hint = NULL;

	(void)cidr_text(net, text);
	switch (fault) {
	case CIDR_FINE:
		return true;
	case CIDR_LONG:
		conf_wrong(scope, word, net->kind == CIDR_V4 ? "0 to 32" :
		    "0 to 128", "\"%s\" has more bits than an address",
		    word->text.p);
		return false;
	case CIDR_HOST_BITS:
	case CIDR_MAPPED:
		hint = arena_printf(&scope->tree->arena, "write %s%s%.*s%s",
		    text, fault == CIDR_HOST_BITS ? ", or " : "",
		    fault == CIDR_HOST_BITS ?
		    (int)strcspn(word->text.p, "/") : 0, word->text.p,
		    fault == CIDR_HOST_BITS ? " for that one address" : "");
		conf_wrong(scope, word, hint, fault == CIDR_MAPPED ?
		    "\"%s\" is an IPv4 network in IPv6" :
		    "\"%s\" is an address in a network", word->text.p);
		return false;
	default:
		conf_wrong(scope, word, "write: 192.0.2.0/24, 192.0.2.7, "
		    "2001:db8::/32, unix or all", "\"%s\" is not a network",
		    word->text.p);
		return false;
	}
}

/* Makes the rules this block's own: those of an outer one are that one's too,
 * so they are never added to in place. The room is as conf_grow made it. */
static bool
own_rules(const struct conf_scope *scope)
{
	struct conf_access *access = &scope->location->access;
	struct conf_rule *rules;
	size_t room = 1, i;

	if (access->owner == scope->location)
		return true;
	while (room < access->nrules)
		room *= 2;
	rules = conf_alloc(scope->tree, room * sizeof(*rules));
	if (rules == NULL)
		return false;
	for (i = 0; i < access->nrules; i++) {
		rules[i] = access->rules[i];
		rules[i].inherited = true;
	}
	access->rules = rules;
	access->owner = scope->location;
	return true;
}

/* Where net belongs among the rules, or is already. */
static size_t
find_rule(const struct conf_access *access, const struct cidr *net)
{
	size_t low = 0, high = access->nrules, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (cidr_order(&access->rules[middle].net, net) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Said before in this block, it is a mistake; said outside, it is replaced. */
static bool
may_say(const struct conf_scope *scope, const struct conf_word *word,
    const struct conf_rule *rule, const struct conf_rule *before)
{
	if (before->inherited)
		return true;
	conf_wrong(scope, word, "keep one of them",
	    before->allow == rule->allow ? "this network was given already at "
	    "%s:%u" : "the opposite was said at %s:%u", before->pos.file,
	    before->pos.line);
	return false;
}

static void
add_rule(const struct conf_scope *scope, const struct conf_word *word,
    const struct conf_rule *rule)
{
	struct conf_access *access = &scope->location->access;
	struct conf_rule *rules;
	size_t at;

	if (!own_rules(scope))
		return;
	at = find_rule(access, &rule->net);
	if (at < access->nrules &&
	    cidr_order(&access->rules[at].net, &rule->net) == 0) {
		rules = (struct conf_rule *)(uintptr_t)access->rules;
		if (may_say(scope, word, rule, &rules[at]))
			rules[at] = *rule;
		return;
	}
	rules = conf_grow(scope->tree, access->rules, access->nrules,
	    sizeof(*rules));
	if (rules == NULL)
		return;
	memmove(rules + at + 1, rules + at,
	    (access->nrules - at) * sizeof(*rules));
	rules[at] = *rule;
	access->rules = rules;
	access->nrules++;
}

void
conf_set_rules(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_access *access = &scope->location->access;
	struct conf_rule rule = { .allow = str_eq(node->words[0].text,
	    STR("allow")) };
	size_t i;

	for (i = 1; i < node->nwords; i++) {
		rule.pos = node->words[i].pos;
		if (conf_build_network(scope, &node->words[i], &rule.net))
			add_rule(scope, &node->words[i], &rule);
	}
	access->allows = false;
	for (i = 0; i < access->nrules; i++)
		access->allows |= access->rules[i].allow;
}

/* --- passwords --- */

/* The number of the file of that path, noted for conf_open. */
static size_t
file_number(const struct conf_scope *scope, const char *path,
    const struct conf_pos *pos)
{
	struct conf *conf = &scope->tree->conf;
	struct conf_auth_file *files;
	size_t i;

	for (i = 0; i < conf->nauth_files; i++)
		if (strcmp(conf->auth_files[i].path, path) == 0)
			return i;
	files = conf_grow(scope->tree, conf->auth_files, i, sizeof(*files));
	if (files == NULL)
		return 0;
	files[i] = (struct conf_auth_file){ .path = path, .pos = *pos };
	conf->auth_files = files;
	return conf->nauth_files++;
}

/* The realm as a quoted-string (RFC 9110 5.6.4) in its challenge; RFC 7617
 * 2.1: passwords are UTF-8. */
static const char *
make_challenge(struct conf_tree *tree, struct str realm)
{
	char *quoted = conf_alloc(tree, 2 * realm.n + 1), *challenge = NULL;
	size_t i, n = 0;

	for (i = 0; quoted != NULL && i < realm.n; i++) {
		if (realm.p[i] == '"' || realm.p[i] == '\\')
			quoted[n++] = '\\';
		quoted[n++] = realm.p[i];
	}
	if (quoted != NULL)
		challenge = arena_printf(&tree->arena,
		    "Basic realm=\"%s\", charset=\"UTF-8\"", quoted);
	if (challenge == NULL)
		conf_no_memory(tree);
	return challenge;
}

/* Is realm fit for a header field? */
static bool
check_realm(const struct conf_scope *scope, const struct conf_word *realm)
{
	const char *why = NULL;
	size_t i;

	if (realm->text.n == 0)
		why = "say what the password is for";
	else if (realm->text.n > REALM_MAX)
		why = "say it in 200 bytes";
	for (i = 0; i < realm->text.n; i++)
		if ((unsigned char)realm->text.p[i] < ' ' ||
		    realm->text.p[i] == 0x7f)
			why = "without control characters";
	if (why != NULL)
		conf_wrong(scope, realm, why, "\"%s\" cannot be a realm",
		    realm->text.p);
	return why == NULL;
}

static bool
is_off(const struct conf_scope *scope, const struct conf_node *node)
{
	const struct conf_word *word = &node->words[1];

	if (node->nwords != 2)
		return false;
	if (!str_eq(word->text, STR("off")))
		conf_wrong(scope, word, "write: auth \"REALM\" FILE, or auth "
		    "off", "\"auth\" needs a file of users");
	return true;
}

void
conf_set_auth(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_access *access = &scope->location->access;
	const struct conf_word *file = &node->words[2];
	const char *path = NULL;

	access->realm = access->challenge = NULL;
	if (is_off(scope, node) || !check_realm(scope, &node->words[1]))
		return;
	if (file->text.n > 0)
		path = conf_file_resolve(&scope->tree->arena, file->pos.file,
		    file->text);
	if (path == NULL) {
		conf_wrong(scope, file, NULL, "%s", file->text.n == 0 ?
		    "an empty path" : strerror(errno));
		return;
	}
	access->realm = node->words[1].text.p;
	access->challenge = make_challenge(scope->tree, node->words[1].text);
	access->file = file_number(scope, path, &file->pos);
}

/* --- both --- */

void
conf_set_require(struct conf_scope *scope, const struct conf_node *node)
{
	scope->location->access.require_pos = node->words[0].pos;
}

static bool
same_place(const struct conf_pos *a, const struct conf_pos *b)
{
	return a->file == b->file && a->line == b->line && a->col == b->col;
}

/* Does what is said at pos decide anything anywhere? */
static bool
is_useful(const struct conf *conf, const struct conf_pos *pos)
{
	size_t i, k;

	for (i = 0; i < conf->nservers; i++) {
		const struct conf_server *s = &conf->servers[i];

		for (k = 0; k <= s->nlocations; k++) {
			const struct conf_access *a = k == 0 ?
			    &s->base.access : &s->locations[k - 1].access;

			if (same_place(&a->require_pos, pos) && a->allows &&
			    a->realm != NULL)
				return true;
		}
	}
	return false;
}

static void
check_require(struct conf_tree *tree, const struct conf_access *access,
    const struct conf_access *outer)
{
	if (access->require != CONF_REQUIRE_ANY ||
	    same_place(&access->require_pos, &outer->require_pos) ||
	    is_useful(&tree->conf, &access->require_pos))
		return;
	conf_error(tree->errors, &access->require_pos, CONF_WORD,
	    "add what is missing, or leave it out", "\"require any\" needs "
	    "both \"allow\" and \"auth\"");
}

void
conf_build_check_require(struct conf_tree *tree)
{
	static const struct conf_access none;
	size_t i, k;

	check_require(tree, &tree->base.access, &none);
	for (i = 0; i < tree->conf.nservers; i++) {
		const struct conf_server *s = &tree->conf.servers[i];

		check_require(tree, &s->base.access, &tree->base.access);
		for (k = 0; k < s->nlocations; k++)
			check_require(tree, &s->locations[k].access,
			    &s->base.access);
	}
}
