/*
 * cgi_fields: the fields of a request as variables of a script.
 */
#include "worker/serve/cgi_fields.h"

#include <string.h>

#include "common/conf.h"
#include "common/log.h"
#include "worker/http/request.h"
#include "worker/serve/cgi_env.h"

#define NOTED_MAX	16	/* names in the life of a worker, */
#define NOTED_SIZE	64	/* and what is looked at of each */

/*
 * Never told to a script: what belongs to the connection, not to the message;
 * what has a variable of its own; and Proxy, whose variable HTTP_PROXY
 * libraries take for a setting ("httpoxy"). Authorization is the
 * configuration's choice.
 */
static const bool hidden[FIELD_IDS] = {
	[FIELD_CONNECTION] = true,
	[FIELD_CONTENT_LENGTH] = true,
	[FIELD_CONTENT_TYPE] = true,
	[FIELD_EXPECT] = true,
	[FIELD_KEEP_ALIVE] = true,
	[FIELD_PROXY] = true,
	[FIELD_TE] = true,
	[FIELD_TRAILER] = true,
	[FIELD_TRANSFER_ENCODING] = true,
	[FIELD_UPGRADE] = true
};

/* What a client tells a proxy, password included, is not for scripts. */
static const char *const hidden_names[] = {
	"Proxy-Authorization", "Proxy-Connection"
};

/*
 * Names with other characters are dropped: X_Forwarded_For would become the
 * same variable as X-Forwarded-For, and whoever sends it would win.
 */
static bool
is_plain_name(struct str name)
{
	size_t i;
	char c;

	for (i = 0; i < name.n; i++) {
		c = ascii_lower(name.p[i]);
		if (!ascii_digit(c) && c != '-' && (c < 'a' || c > 'z'))
			return false;
	}
	return name.n > 0;
}

/* Clients choose these names: the log hears of the first few. */
static void
note_dropped(struct str name)
{
	static char noted[NOTED_MAX][NOTED_SIZE];
	static unsigned n;
	unsigned i;

	if (name.n >= NOTED_SIZE)
		name.n = NOTED_SIZE - 1;
	for (i = 0; i < n; i++) {
		if (str_eqcase(str_from(noted[i]), name))
			return;
	}
	if (n == NOTED_MAX)
		return;
	memcpy(noted[n++], name.p, name.n);
	log_info("field %.*s is not handed to scripts: its name has other "
	    "characters than letters, digits and \"-\"%s", (int)name.n, name.p,
	    n == NOTED_MAX ? "; no further such name is logged" : "");
}

static bool
is_hidden(const struct cgi_env *e, const struct http_field *f)
{
	size_t i;

	if (f->id == FIELD_AUTHORIZATION)
		return !e->r->location->cgi.authorization;
	for (i = 0; i < sizeof(hidden_names) / sizeof(hidden_names[0]); i++) {
		if (str_eqcase(f->name, str_from(hidden_names[i])))
			return true;
	}
	if (hidden[f->id] || is_plain_name(f->name))
		return hidden[f->id];
	note_dropped(f->name);
	return true;
}

/* "HTTP_ACCEPT_LANGUAGE" of "Accept-Language". */
static const char *
variable_name(struct cgi_env *e, struct str field)
{
	char *name;
	size_t i;
	char c;

	name = arena_alloc(&e->r->arena, field.n + sizeof("HTTP_"));
	if (name == NULL)
		return NULL;
	memcpy(name, "HTTP_", 5);
	for (i = 0; i < field.n; i++) {
		c = ascii_lower(field.p[i]);
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		name[5 + i] = c == '-' ? '_' : c;
	}
	return name;
}

/* All values of the field at index first, joined (RFC 9110 5.3; cookies by
 * RFC 6265 5.4). An empty str without memory. */
static struct str
joined_value(struct cgi_env *e, size_t first)
{
	const struct http_head *head = e->r->head;
	const struct http_field *f = &head->field[first];
	const char *between = f->id == FIELD_COOKIE ? "; " : ", ";
	char *p;
	size_t i, n;

	for (i = first, n = 0; i < head->nfields; i++) {
		if (str_eqcase(head->field[i].name, f->name))
			n += head->field[i].value.n + 2;
	}
	p = arena_alloc(&e->r->arena, n);
	if (p == NULL) {
		e->failed = true;
		return STR("");
	}
	for (i = first, n = 0; i < head->nfields; i++) {
		if (!str_eqcase(head->field[i].name, f->name))
			continue;
		if (i != first) {
			memcpy(p + n, between, 2);
			n += 2;
		}
		memcpy(p + n, head->field[i].value.p, head->field[i].value.n);
		n += head->field[i].value.n;
	}
	return (struct str){ p, n };
}

/* 1 when a field of this name came before, 2 when another follows, else 0. */
static unsigned
repeated(const struct http_head *head, size_t at)
{
	size_t i;

	for (i = 0; i < head->nfields; i++) {
		if (i != at &&
		    str_eqcase(head->field[i].name, head->field[at].name))
			return i < at ? 1 : 2;
	}
	return 0;
}

/* RFC 9112 3.2.2: the authority of an absolute-form is the host, and a Host
 * that says something else must not be heard of. */
static struct str
value(struct cgi_env *e, size_t at, bool joined)
{
	const struct http_target *t = &e->r->target;
	const struct http_field *f = &e->r->head->field[at];

	if (f->id == FIELD_HOST && e->r->head->target.p[0] != '/')
		return (struct str){ t->host.p, t->port.n == 0 ? t->host.n :
		    (size_t)(t->port.p + t->port.n - t->host.p) };
	return joined ? joined_value(e, at) : f->value;
}

void
cgi_fields_add(struct cgi_env *e)
{
	const struct http_head *head = e->r->head;
	const char *name;
	unsigned again;
	size_t i;

	for (i = 0; i < head->nfields; i++) {
		if (is_hidden(e, &head->field[i]))
			continue;
		again = repeated(head, i);
		if (again == 1)
			continue;
		name = variable_name(e, head->field[i].name);
		if (name == NULL) {
			e->failed = true;
			return;
		}
		cgi_env_add(e, name, value(e, i, again != 0));
	}
}

