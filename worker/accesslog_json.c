/*
 * Access-log lines in JSON (RFC 8259).
 *
 * A byte that is not printable ASCII comes out as the character of its number,
 * for what a client sends need not be UTF-8.
 */
#include "worker/accesslog_json.h"

#include <string.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/tlsclient.h"
#include "worker/accesslog.h"
#include "worker/http/request.h"

#define FIELD_MAX	560		/* bytes of a string, escaped */
#define TARGET_MAX	1400
#define USER_MAX	100
#define SUBJECT_MAX	200

/* All that is in a line beside these is names, numbers, two addresses and the
 * server: less than this. */
_Static_assert(TARGET_MAX + 3 * FIELD_MAX + USER_MAX + SUBJECT_MAX + 690 <
    LOG_LINE_MAX, "room");

struct str
accesslog_server(const struct request *r)
{
	const struct conf_server *s = r->server;

	return s == NULL || s->nnames == 0 ? STR("-") : s->names[0];
}

static char *
put(char *p, struct str s)
{
	memcpy(p, s.p, s.n);
	return p + s.n;
}

/* begin has the member's name, up to its value. */
static char *
put_string(char *p, struct str begin, struct str value, size_t max)
{
	p = put(p, begin);
	*p++ = '"';
	p += log_escape_json(p, max, value.p, value.n);
	*p++ = '"';
	return p;
}

static char *
put_number(char *p, struct str begin, uint64_t value)
{
	p = put(p, begin);
	return p + str_put_u64(p, value);
}

static char *
put_field(char *p, struct str begin, const struct request *r,
    enum http_field_id id)
{
	struct str value = http_field_value(r->head, id);

	return value.n == 0 ? p : put_string(p, begin, value, FIELD_MAX);
}

static char *
put_request(char *p, const struct request *r)
{
	const struct http_head *head = r->head;

	p = put_string(p, STR(",\"method\":"), head->method_name, FIELD_MAX);
	if (head->target.n == 0)
		return p;
	p = put_string(p, STR(",\"target\":"), head->target, TARGET_MAX);
	return put_string(p, STR(",\"protocol\":"), head->version_minor == 0 ?
	    STR("HTTP/1.0") : STR("HTTP/1.1"), FIELD_MAX);
}

/* What the request's script took, as far as it is known. */
static char *
put_use(char *p, const struct script_use *use)
{
	if (!mono_is_set(use->started))
		return p;
	p = put_number(p, STR(",\"script_us\":"), (uint64_t)(use->counted ?
	    use->wall_us : mono_us(use->started, clock_now())));
	if (!use->counted)
		return p;
	p = put_number(p, STR(",\"script_cpu_us\":"), (uint64_t)use->cpu_us);
	if (!use->peak_known)
		return p;
	return put_number(p, STR(",\"script_kb\":"), use->peak_kb);
}

/* The certificate the client was asked for. */
static char *
put_cert(char *p, const struct client_info *client)
{
	struct buf subject = { 0 };

	if (client->cert_wrong != NULL)
		return put_string(p, STR(",\"client_certificate_error\":"),
		    str_from(client->cert_wrong), USER_MAX);
	if (client->cert == NULL)
		return p;
	if (tlsclient_put(client->cert, TLSCLIENT_SUBJECT, &subject) == 0)
		p = put_string(p, STR(",\"client_subject\":"),
		    buf_str(&subject), SUBJECT_MAX);
	buf_free(&subject);
	return p;
}

size_t
accesslog_json(char *line, const struct request *r, uint64_t bytes)
{
	int status = r->response.status;
	char peer[NET_ADDR_TEXT];
	size_t n = net_addr_host(&r->client->peer, peer);
	char *p = line;

	p = put_string(p, STR("{\"time\":"), (struct str){ clock_iso_date(),
	    ISO_DATE_LEN }, FIELD_MAX);
	p = put_string(p, STR(",\"client\":"), (struct str){ peer, n },
	    FIELD_MAX);
	if (r->user != NULL)
		p = put_string(p, STR(",\"user\":"), str_from(r->user),
		    USER_MAX);
	p = put_string(p, STR(",\"server\":"), accesslog_server(r), FIELD_MAX);
	p = put_number(p, STR(",\"port\":"), net_addr_port(&r->client->local));
	if (r->client->tls)
		p = put_string(p, STR(",\"tls\":"),
		    str_from(r->client->tls_protocol), FIELD_MAX);
	p = put_cert(p, r->client);
	p = put_request(p, r);
	p = put_number(p, STR(",\"status\":"), (uint64_t)(status == 0 ?
	    ACCESSLOG_GONE : status));
	p = put_number(p, STR(",\"bytes\":"), bytes);
	p = put_field(p, STR(",\"referer\":"), r, FIELD_REFERER);
	p = put_field(p, STR(",\"user_agent\":"), r, FIELD_USER_AGENT);
	if (r->id[0] != '\0')
		p = put_string(p, STR(",\"id\":"), str_from(r->id), FIELD_MAX);
	p = put_use(p, &r->use);
	return (size_t)(put(p, STR("}\n")) - line);
}
