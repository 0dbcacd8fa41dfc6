/*
 * conf_tls: what a configuration says of TLS. A part of conf.h.
 */
#ifndef COMMON_CONF_TLS_H
#define COMMON_CONF_TLS_H

#include <stdint.h>

#include "common/tickets.h"

/* Where in a file something was said; file is NULL for a default. */
struct conf_pos {
	const char *file;
	unsigned line;
	unsigned col;
};

struct conf_cert {
	const char *certificate;	/* absolute paths */
	const char *key;
	struct conf_pos pos;
	struct conf_pos key_pos;
};

/* Are clients asked for a certificate? */
enum conf_client_mode {
	CONF_CLIENT_UNSET,
	CONF_CLIENT_OFF,
	CONF_CLIENT_OPTIONAL,		/* who has none is served, too */
	CONF_CLIENT_REQUIRED
};

struct conf_client {
	enum conf_client_mode mode;
	const char *path;		/* of the authorities; absolute, NULL
					 * when OFF */
	struct conf_pos pos;
};

/* Where the keys of TLS session tickets come from. */
enum conf_tickets_kind {
	CONF_TICKETS_UNSET,
	CONF_TICKETS_ROTATE,		/* the master, which makes new ones */
	CONF_TICKETS_FILE,
	CONF_TICKETS_OFF		/* there are no tickets */
};

struct conf_tickets {
	enum conf_tickets_kind kind;
	int64_t rotate_ms;		/* of ROTATE */
	const char *path;		/* of FILE; absolute */
	struct ticket_keys keys;	/* of FILE, by conf_open; wiped at the
					 * end */
	struct conf_pos pos;
};

#endif
