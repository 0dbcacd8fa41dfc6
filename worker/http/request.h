/*
 * request: one request and the response to it, between the protocol that read
 * it and the handler that answers it.
 *
 * Made by the protocol, owned by the connection; everything in it lives in its
 * arena and dies with it. It knows neither sockets nor framing.
 */
#ifndef WORKER_HTTP_REQUEST_H
#define WORKER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/net.h"
#include "common/str.h"
#include "worker/http/body.h"
#include "worker/http/chunk.h"
#include "worker/http/framing.h"
#include "worker/http/parse.h"

#define REQUEST_MAGIC	0x52657175u
#define REQUEST_ID_LEN	16
#define REQUEST_PLACES	2
#define REQUEST_LIMITS	4	/* that one request is counted for once */

struct conf;
struct conf_limit;
struct conf_location;
struct conf_server;
struct handler;
struct request;
struct score_request;
struct x509_st;

/* What the connection knows of the client; borrowed by its requests, unless a
 * proxy brings those of many. */
struct client_info {
	struct net_addr peer;
	struct net_addr local;		/* where it reached us */
	bool tls;
	bool https;			/* it came by https: to us, or to the
					 * proxy that says so */
	bool forwarded;			/* a proxy spoke for it in the
					 * request, */
	bool named;			/* and said its address */
	const char *tls_protocol;	/* "TLSv1.3"; static, NULL without
					 * TLS */
	const char *tls_cipher;		/* static, NULL without TLS */
	const struct conf_server *tls_server; /* borrowed, process: the one
					 * whose certificate was shown to who
					 * asked for a name; or NULL */
	const struct conf_server *tls_asked; /* borrowed, process: as whom we
					 * asked for a certificate, or not;
					 * NULL without TLS */
	const struct x509_st *cert;	/* borrowed, connection: the client's,
					 * which was found good; or NULL */
	const char *cert_wrong;		/* static: what is wrong with the one
					 * it has; or NULL */
};

/* What a script took, as far as it is known when its answer ends. */
struct script_use {
	struct mono started;		/* not set: there was none */
	bool counted;			/* it has ended: the rest is known */
	int64_t wall_us;		/* from its start to its exit */
	int64_t cpu_us;			/* of it and what it waited for */
	uint64_t peak_kb;		/* memory of the largest of them, or of
					 * this process, */
	bool peak_known;		/* unless it is larger than this one */
};

/* What a handler says of its answer. */
struct response {
	int status;			/* 0 = no answer yet */
	int64_t length;			/* of the body; -1 = not known */
	const char *type;		/* Content-Type, borrowed; or NULL */
	const char *location;		/* Location, in the arena; or NULL */
	const char *allow;		/* Allow, borrowed; or NULL */
	const char *why;		/* a sentence for the page of an error,
					 * HTML, borrowed; NULL = the status
					 * has one */
	bool head_only;			/* the body is not sent (HEAD, 304) */
	struct str raw;			/* the whole head, in the arena, of a
					 * message that a script framed; empty =
					 * it is made from the rest */
	bool close;			/* the connection must not persist */
	bool drop;			/* nothing is sent, it just ends */
	int retry_after;		/* seconds; 0 = no Retry-After */
	struct str lines;		/* header lines, ready to be sent;
					 * borrowed */
	struct buf fields;		/* owned: more header lines; only
					 * response_field writes them */
	struct source *source;		/* owned; NULL = no body */
};

/* What a gate that has to wait keeps of a request; dropped with it. */
struct request_hold {
	void (*drop)(struct request_hold *h);
};

/* How far serve has come with it. */
enum request_phase {
	PHASE_NONE,			/* its target is not known yet */
	PHASE_GATES,			/* may it have what it asks for? */
	PHASE_HANDLER,			/* a handler has it, or it has a
					 * status */
	PHASE_ANSWER			/* the response is final */
};

struct request {
	uint32_t magic;			/* REQUEST_MAGIC */
	struct arena arena;
	const struct conf *conf;		/* borrowed, process */
	const struct conf_server *server;	/* borrowed, process */
	const struct conf_location *location;	/* borrowed, process */
	const struct conf_location *place[REQUEST_PLACES]; /* borrowed, process:
					 * others whose rules hold as well, see
					 * route_path; NULL = none */
	const struct client_info *client; /* borrowed, connection; or in the
					 * arena, behind a proxy */
	struct http_head *head;		/* room for one; slices of a copy in the
					 * arena once the request has begun */
	struct http_framing framing;
	struct http_target target;
	struct str path;		/* decoded, clean; in the arena */
	const struct handler *handler;	/* borrowed, static; by route */
	enum request_phase phase;
	uint8_t gate;			/* serve's: the one it stands at */
	const struct conf_limit *counted[REQUEST_LIMITS]; /* borrowed, process:
					 * the limits it was counted for, */
	uint8_t ncounted;		/* so many */
	struct request_hold *hold;	/* that gate's; or NULL */
	const char *user;		/* whose password it came with, in the
					 * arena; NULL = nobody's */
	bool secret;			/* it has an Authorization: its memory
					 * is wiped */
	uint8_t reroutes;		/* how often it got another path */
	bool fell_back;			/* that of the location's fallback */
	uint8_t redirects;		/* how often by a script: if at all, its
					 * method is GET or HEAD, whatever its
					 * name says, and its body nobody's */
	char id[REQUEST_ID_LEN + 1];	/* request_id's; empty until asked, and
					 * so the access log does not know it */
	time_t started;			/* wall time */
	struct script_use use;		/* for the access log */
	struct response response;
	struct sink *sink;		/* owned; NULL = the body is dropped */
	uint64_t body_received;		/* of the request's, decoded */
	uint64_t body_sent;		/* of the response's, unframed */
	bool body_complete;		/* the request's body is all here */
	struct score_request *score;	/* borrowed; NULL = no slot */

	/* The protocol's own, from here on. */
	void (*wake)(struct request *r);	/* for request_wake */
	void (*over)(struct request *r); /* told when it ends; or NULL */
	void *protocol;			/* borrowed: whose request it is */
	uint64_t who;			/* crowd's number for its client, where
					 * over gives its place back */
	struct request *next;		/* its queue of answered requests */
	struct chunk_decoder chunks;	/* of the body coming in */
	uint64_t body_left;		/* of a counted body */
	uint64_t body_taken;		/* of a chunked one, as it was sent */
	bool body_open;			/* it has not ended, nor was given up */
	bool body_chunked;
	bool head_written;		/* the response's head is on its way */
	bool chunked;			/* and its body is sent in chunks */
	bool in_chunk;			/* a chunk's data lacks its CRLF */
	uint64_t body_at;		/* where the body begins and the
					 * whole */
	uint64_t end_at;		/* ends in the connection's output */
	bool undecided;			/* a write that may complete it is on
					 * its way */
	bool log_lost;			/* the ring had no room for its line */
	uint64_t log_mark;		/* its line in the ring ends here; 0 =
					 * it has none */
};

/* NULL when memory is short. */
struct request *request_new(void);
/* Closes source and sink and frees all. */
void	request_free(struct request *r);
/* A name for it that no other request has, hexadecimal digits; made when it is
 * first asked for. */
const char *request_id(struct request *r);
/* Frees the requests that are kept for reuse. */
void	request_pool_free(void);
/*
 * For a handler that had to wait: something can move now (the response was
 * filled in, the source has bytes, the sink takes more). May free the request
 * before it returns.
 */
void	request_wake(struct request *r);

/*
 * Adds a header line to the response. The one place where a header is written:
 * a name that is no token or a value with a control byte aborts in debug
 * builds and is refused otherwise (-1, and the request should fail with 500).
 */
int	response_field(struct request *r, struct str name, struct str value);

#endif
