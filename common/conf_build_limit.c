/*
 * What one client address may have: requests and bytes in a time.
 */
#include "common/conf_build.h"

#include <string.h>

#include "common/conf_limit.h"

#define SECOND_NS	INT64_C(1000000000)
#define RATE_MAX	1000000		/* requests */
#define BURST_MAX	1000000
#define BYTES_MIN	1024		/* a second */
#define BYTES_MAX	(UINT64_C(1) << 40)

static bool
says(const struct conf_node *node, size_t i, const char *word)
{
	return i < node->nwords && str_eq(node->words[i].text, str_from(word));
}

/* "5/s", "100/m", "1000/h". */
static bool
read_rate(const struct conf_scope *scope, const struct conf_word *word,
    struct conf_limit *l)
{
	struct str n = word->text;
	int64_t unit;

	if (n.n > 2 && n.p[n.n - 2] == '/' &&
	    memchr("smh", n.p[n.n - 1], 3) != NULL) {
		l->unit = n.p[n.n - 1];
		n.n -= 2;
	}
	if (l->unit == '\0' || str_u64(n, RATE_MAX, &l->n) == -1 ||
	    l->n == 0) {
		conf_wrong(scope, word, "write: 5/s, 100/m or 1000/h",
		    "\"%s\" is not a rate", word->text.p);
		return false;
	}
	unit = l->unit == 's' ? 1 : l->unit == 'm' ? 60 : 3600;
	l->cost_ns = unit * SECOND_NS / (int64_t)l->n;
	l->burst = l->unit == 's' ? l->n : 1;
	return true;
}

static bool
read_burst(const struct conf_scope *scope, const struct conf_word *word,
    struct conf_limit *l)
{
	if (str_u64(word->text, BURST_MAX, &l->burst) == 0 && l->burst > 0)
		return true;
	conf_wrong(scope, word, "1 to 1000000 requests",
	    "\"%s\" is not a burst", word->text.p);
	return false;
}

static bool
read_bytes(const struct conf_scope *scope, const struct conf_word *word,
    struct conf_limit *l)
{
	static const struct conf_arg size = { .type = CONF_SIZE };

	if (conf_value_read(&size, word->text, &l->n) == 0 &&
	    l->n >= BYTES_MIN && l->n <= BYTES_MAX)
		return true;
	conf_wrong(scope, word, "1k to 1t bytes a second",
	    "\"%s\" does not fit here", word->text.p);
	return false;
}

/* The values behind the kind; false, and a mistake, when they make no sense. */
static bool
read_limit(const struct conf_scope *scope, const struct conf_node *node,
    struct conf_limit *l)
{
	bool rate = l->kind == CONF_LIMIT_RATE;
	size_t at = 3;

	if (rate ? !read_rate(scope, &node->words[2], l) :
	    !read_bytes(scope, &node->words[2], l))
		return false;
	if (rate && says(node, at, "burst") && node->nwords > at + 1) {
		if (!read_burst(scope, &node->words[at + 1], l))
			return false;
		at += 2;
	}
	l->burst_ns = l->cost_ns * (int64_t)l->burst;
	if (says(node, at, "per") && says(node, at + 1, "ip") &&
	    node->nwords == at + 2)
		return true;
	conf_wrong(scope, &node->words[at < node->nwords ? at : 2], rate ?
	    "write: limit rate 5/s burst 20 per ip" :
	    "write: limit bandwidth 1m per ip",
	    "a limit ends with \"per ip\"");
	return false;
}

void
conf_set_limit(struct conf_scope *scope, const struct conf_node *node)
{
	struct conf_location *location = scope->location;
	bool rate = says(node, 1, "rate");
	const struct conf_limit **kept = rate ? &location->rate :
	    &location->bandwidth;
	struct conf_limit *l = conf_alloc(scope->tree, sizeof(*l));

	if (l == NULL)
		return;
	*l = (struct conf_limit){ .kind = rate ? CONF_LIMIT_RATE :
	    CONF_LIMIT_BANDWIDTH, .id = ++scope->tree->conf.nlimits,
	    .owner = location, .pos = node->words[0].pos };
	if (*kept != NULL && (*kept)->owner == location) {
		conf_wrong(scope, &node->words[1], "keep one of them",
		    "this limit was given already at %s:%u", (*kept)->pos.file,
		    (*kept)->pos.line);
		return;
	}
	if (says(node, 2, "off") && node->nwords == 3)
		l->kind = CONF_LIMIT_NONE;
	else if (!read_limit(scope, node, l))
		return;
	*kept = l;
}
