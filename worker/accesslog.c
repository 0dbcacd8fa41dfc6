/*
 * Access-log lines in the common, combined and vhost formats, and in one that
 * says what scripts took and by which id the error log knows them.
 */
#include "worker/accesslog.h"

#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/ring.h"
#include "worker/accesslog_json.h"
#include "worker/http/request.h"
#include "worker/worker.h"

#define FIELD_MAX	640		/* bytes of a quoted field, escaped */
#define TARGET_MAX	2048
#define USER_MAX	128
#define SERVER_MAX	264		/* its name and port */
#define LINE_SIZE	(LOG_LINE_MAX + NET_ADDR_TEXT)
#define PATIENCE_US	1000000		/* how long a full ring stops
					 * requests */

/* The rest of a line is a method, two numbers, a time and what is between. */
_Static_assert(SERVER_MAX + NET_ADDR_TEXT + USER_MAX + TARGET_MAX +
    2 * FIELD_MAX + 320 < LINE_SIZE, "room");

static struct ring *ring;		/* borrowed, shared memory */
static enum conf_log_format format;
static int channel;
static bool told;			/* the master knows of the quarter */
static struct mono full_since;

void
accesslog_open(struct ring *r, enum conf_log_format f, int fd)
{
	ring = r;
	format = f;
	channel = fd;
}

static char *
put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

static char *
put_number(char *p, uint64_t v)
{
	return p + str_put_u64(p, v);
}

/* "text", escaped and cut; "-" when there is none. */
static char *
put_quoted(char *p, struct str s)
{
	*p++ = '"';
	if (s.n == 0)
		*p++ = '-';
	p += log_escape(p, FIELD_MAX, s.p, s.n);
	*p++ = '"';
	return p;
}

/* Whose password it came with. A blank would begin another column. */
static char *
put_user(char *p, const char *user)
{
	char *end = p + USER_MAX - sizeof("\\x20");

	if (user == NULL)
		*p++ = '-';
	for (; user != NULL && *user != '\0' && p < end; user++)
		p = *user == ' ' ? put(p, "\\x20", 4) :
		    p + log_escape(p, 4, user, 1);
	return p;
}

static char *
put_request_line(char *p, const struct request *r)
{
	const struct http_head *head = r->head;

	*p++ = '"';
	p += log_escape(p, FIELD_MAX, head->method_name.p,
	    head->method_name.n);
	if (head->target.n > 0) {
		*p++ = ' ';
		p += log_escape(p, TARGET_MAX, head->target.p,
		    head->target.n);
		p = put(p, " HTTP/1.", 8);
		*p++ = (char)('0' + head->version_minor);
	}
	*p++ = '"';
	return p;
}

/* Seconds, with six places. */
static char *
put_seconds(char *p, int64_t us)
{
	uint64_t rest = (uint64_t)us % 1000000 + 1000000;
	char digits[20];

	p = put_number(p, (uint64_t)us / 1000000);
	/* 1 and six digits: the 1 makes room for the point. */
	(void)str_put_u64(digits, rest);
	digits[0] = '.';
	return put(p, digits, 7);
}

/* Time, CPU time and memory of the request's script; "-" for what there is
 * not, or what is not known yet. */
static char *
put_use(char *p, const struct script_use *use)
{
	if (!mono_is_set(use->started))
		return put(p, " - - -", 6);
	*p++ = ' ';
	p = put_seconds(p, use->counted ? use->wall_us :
	    mono_us(use->started, clock_now()));
	if (!use->counted)
		return put(p, " - -", 4);
	*p++ = ' ';
	p = put_seconds(p, use->cpu_us);
	*p++ = ' ';
	if (!use->peak_known)
		return put(p, "-", 1);
	return put_number(p, use->peak_kb);
}

/* Its name in the error log, if it may be there. */
static char *
put_id(char *p, const struct request *r)
{
	*p++ = ' ';
	if (r->id[0] == '\0')
		*p++ = '-';
	return put(p, r->id, strlen(r->id));
}

/* By which name the server is known that answered, and its port. */
static char *
put_server(char *p, const struct request *r)
{
	struct str name = accesslog_server(r);

	p = put(p, name.p, name.n);
	*p++ = ':';
	p = put_number(p, net_addr_port(&r->client->local));
	*p++ = ' ';
	return p;
}

static size_t
make_line(char *line, const struct request *r, uint64_t bytes)
{
	int status = r->response.status;
	char *p = line;

	if (format == CONF_FORMAT_JSON)
		return accesslog_json(line, r, bytes);
	if (format == CONF_FORMAT_VHOST)
		p = put_server(p, r);
	p += net_addr_host(&r->client->peer, p);
	p = put(p, " - ", 3);
	p = put_user(p, r->user);
	p = put(p, " [", 2);
	p = put(p, clock_log_date(), LOG_DATE_LEN);
	p = put(p, "] ", 2);
	p = put_request_line(p, r);
	*p++ = ' ';
	p = put_number(p, (uint64_t)(status == 0 ? ACCESSLOG_GONE : status));
	*p++ = ' ';
	p = put_number(p, bytes);
	if (format != CONF_FORMAT_COMMON) {
		*p++ = ' ';
		p = put_quoted(p, http_field_value(r->head, FIELD_REFERER));
		*p++ = ' ';
		p = put_quoted(p, http_field_value(r->head,
		    FIELD_USER_AGENT));
	}
	if (format == CONF_FORMAT_CGI) {
		p = put_use(p, &r->use);
		p = put_id(p, r);
	}
	*p++ = '\n';
	return (size_t)(p - line);
}

static void
tell_master(void)
{
	char message = WORKER_RING;

	if (ring_used(ring) < ring->size / 4) {
		told = false;
		return;
	}
	if (!told)
		(void)send(channel, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	told = true;
}

void
accesslog_put(struct request *r, uint64_t bytes)
{
	char line[LINE_SIZE];

	r->log_mark = 0;
	r->log_lost = false;
	if (format == CONF_FORMAT_UNSET ||
	    (r->location != NULL && !r->location->access_log))
		return;
	r->log_lost = !ring_put(ring, line, make_line(line, r, bytes));
	if (!r->log_lost)
		r->log_mark = ring_mark(ring);
}

void
accesslog_commit(const struct request *r)
{
	if (r->log_lost)
		ring_drop(ring);
	else if (r->log_mark != 0)
		ring_commit(ring, r->log_mark);
	tell_master();
}

void
accesslog_withdraw(void)
{
	if (format != CONF_FORMAT_UNSET)
		ring_withdraw(ring);
}

bool
accesslog_is_full(void)
{
	if (format == CONF_FORMAT_UNSET ||
	    ring_used(ring) < ring->size - ring->size / 16) {
		full_since = (struct mono){ 0 };
		return false;
	}
	if (!mono_is_set(full_since))
		full_since = clock_now();
	return mono_us(full_since, clock_now()) < PATIENCE_US;
}
