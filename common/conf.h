/*
 * conf: the configuration, as one immutable tree.
 *
 * conf_load reads a file into a struct conf: conf_parse makes a tree of
 * directives, conf_schema knows each directive, conf_check fills in this tree.
 * conf_open then opens what the tree names. From there on it is const: a
 * worker never changes its mind.
 *
 * Inheritance is resolved here: every location is complete, nobody looks at
 * an outer block at run time.
 */
#ifndef COMMON_CONF_H
#define COMMON_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/cidr.h"
#include "common/conf_tls.h"
#include "common/log.h"
#include "common/net.h"
#include "common/str.h"

struct conf_errors;
struct conf_limit;
struct conf_trust;
struct mime_table;
struct ssl_ctx_st;

/* A directory that is opened before privileges go. One per distinct path. */
struct conf_dir {
	const char *path;		/* absolute */
	int fd;				/* owned; O_PATH, -1 = not open */
	struct conf_pos pos;
};

enum conf_cgi_kind {
	CONF_CGI_OFF,
	CONF_CGI_ON,			/* executable files below root */
	CONF_CGI_DIR,			/* executable files below dir */
	CONF_CGI_PROGRAM,		/* one program for everything here */
	CONF_CGI_WITH			/* files below root, by an
					 * interpreter */
};

enum conf_cgi_stderr {
	CONF_STDERR_UNSET,
	CONF_STDERR_ON_FAILURE,
	CONF_STDERR_ALWAYS,
	CONF_STDERR_OFF
};

enum conf_cgi_body {
	CONF_BODY_UNSET,
	CONF_BODY_SPOOL,		/* complete before the script starts */
	CONF_BODY_STREAM		/* handed to it as it comes */
};

struct conf_cgi {
	enum conf_cgi_kind kind;
	struct conf_dir *dir;		/* of DIR; the program's folder of
					 * PROGRAM */
	const char *program;		/* PROGRAM: its name in dir; WITH:
					 * absolute path of the interpreter */
	struct conf_pos pos;		/* of the path */
	const char **env;		/* nenv strings "NAME=value" */
	size_t nenv;
	bool authorization;		/* hand Authorization to scripts */
	int64_t first_byte_ms;		/* timeout to the first byte */
	int64_t total_ms;		/* timeout in all */
	int64_t term_ms;		/* after the request ended: SIGTERM */
	int64_t kill_ms;		/* after the request ended: SIGKILL */
	unsigned place;			/* number of the location, below
					 * conf.places */
	unsigned processes;		/* at once here, in a worker */
	unsigned queue;			/* requests that may wait for a
					 * process */
	int64_t queue_ms;		/* how long they may */
	uint64_t cpu_s;
	uint64_t memory;		/* bytes, RLIMIT_DATA */
	uint64_t fsize;			/* bytes, RLIMIT_FSIZE */
	enum conf_cgi_stderr stderr_mode;
	enum conf_cgi_body body_mode;
};

/* Which symbolic links are followed. */
enum conf_symlinks {
	CONF_SYMLINKS_UNSET,
	CONF_SYMLINKS_OFF,		/* none */
	CONF_SYMLINKS_BENEATH,		/* those that stay below the root */
	CONF_SYMLINKS_ON		/* all, wherever they lead */
};

/* Content codings of files that lie beside the one that is asked for. */
enum conf_coding {
	CONF_CODING_NONE,
	CONF_CODING_BR,			/* NAME.br */
	CONF_CODING_GZIP		/* NAME.gz */
};

#define CONF_CODINGS	2		/* how many there are */

/* What caches are told of files with such names. */
struct conf_cache_rule {
	struct str name;		/* the whole name of a file, or the end
					 * of it; empty: any */
	bool end;
	const char *value;		/* of Cache-Control; NULL = none */
};

/* What `allow` or `deny` says of one network. */
struct conf_rule {
	struct cidr net;
	bool allow;
	bool inherited;			/* an outer block says it */
	struct conf_pos pos;
};

enum conf_require {
	CONF_REQUIRE_UNSET,
	CONF_REQUIRE_ALL,		/* the right address and a password */
	CONF_REQUIRE_ANY		/* one of them is enough */
};

/* Who may come in. */
struct conf_access {
	const struct conf_rule *rules;	/* nrules, narrower networks first:
					 * the first that has the client
					 * decides */
	size_t nrules;
	const void *owner;		/* the block whose own they are */
	bool allows;			/* there is an allow among them */
	const char *realm;		/* NULL = no password is asked for */
	const char *challenge;		/* WWW-Authenticate, ready to send */
	size_t file;			/* of users, in conf.auth_files */
	enum conf_require require;
	struct conf_pos require_pos;
};

/* A file of users. One per distinct path. */
struct conf_auth_file {
	const char *path;		/* absolute */
	struct conf_pos pos;
};

enum conf_match {
	CONF_MATCH_ALL,			/* the server itself, outside
					 * locations */
	CONF_MATCH_EXACT,		/* location = /x */
	CONF_MATCH_PREFIX,		/* location /x/ */
	CONF_MATCH_SUFFIX		/* location *.php */
};

enum conf_piece_kind {
	CONF_PIECE_TEXT,
	CONF_PIECE_REST,		/* $rest */
	CONF_PIECE_QUERY		/* $query */
};

/* A piece of where a redirect leads. */
struct conf_piece {
	enum conf_piece_kind kind;
	struct str text;		/* of TEXT */
};

#define CONF_PIECES_MAX	8

struct conf_redirect {
	int status;			/* 301, 302, 303, 307, 308; 0 = none */
	const char *to;			/* as it was written */
	struct conf_piece piece[CONF_PIECES_MAX]; /* npieces */
	size_t npieces;
	size_t skip;			/* bytes of a path before its $rest; */
	size_t cut;			/* and after it */
};

struct conf_header {
	struct str name;
	struct str value;
};

#define CONF_REFUSE_CLOSE 444	/* no answer; what is logged then */

/* What is done to answers, or instead of them. */
struct conf_answer {
	struct conf_redirect redirect;
	const char *fallback;		/* path that answers for what is not
					 * found; NULL = none */
	struct conf_dir *errors;	/* has pages for errors; NULL = none */
	const struct conf_header *header; /* nheaders, for every answer */
	size_t nheaders;
	int refuse;			/* status; 0 = no */
	bool https;			/* http is redirected to https */
	uint16_t https_port;		/* where that is */
	uint16_t https_given;		/* as it was written; 0 = it was not */
	struct conf_pos https_pos;
	bool hsts;			/* Strict-Transport-Security is sent */
	uint64_t hsts_s;
	bool hsts_subdomains;
	bool hsts_preload;
	struct conf_pos hsts_pos;
	struct str lines;		/* header, as it is sent; */
	struct str lines_tls;		/* with Strict-Transport-Security */
};

struct conf_location {
	enum conf_match match;
	struct str path;		/* "/x", "/x/", ".php"; empty for ALL */
	struct conf_dir *root;
	const char **index;		/* nindex file names, tried in order */
	size_t nindex;
	bool listing;			/* show folders without an index */
	bool dotfiles;			/* serve names that begin with a dot */
	enum conf_symlinks symlinks;
	enum conf_coding precompressed[CONF_CODINGS]; /* in order of liking;
					 * NONE ends it */
	const struct str *gzip;		/* ngzip media types, "text/html" or
					 * "text/" for all of them, that are
					 * compressed on the way */
	size_t ngzip;
	const struct conf_cache_rule *cache; /* ncache, the closest first */
	size_t ncache;
	bool access_log;
	uint64_t max_body;		/* bytes of a request body */
	struct conf_access access;
	const struct conf_limit *rate;	/* of a client's requests; NULL =
					 * nothing was said */
	const struct conf_limit *bandwidth;
	struct conf_answer answer;
	struct conf_cgi cgi;
	struct conf_pos pos;
};

struct conf_server {
	struct str *names;		/* lower case; "*" is any,
					 * "*.example.org" any below; none at
					 * all is any too */
	size_t nnames;
	struct conf_location base;	/* where no location matches */
	struct conf_location *locations;
	size_t nlocations;
	struct conf_cert *certs;
	size_t ncerts;
	struct conf_client client;
	struct ssl_ctx_st *tls;		/* owned, made by conf_open; NULL
					 * without a certificate */
	struct conf_pos pos;
};

/* One address to listen on, with the servers reached there. */
struct conf_listen {
	struct net_addr addr;		/* the family alone for a path */
	const char *path;		/* of a UNIX socket, or NULL */
	const char *name;		/* "unix:" and the path; or NULL */
	unsigned mode;			/* who may connect to it */
	bool tls;
	bool optional;			/* the [::] half of "listen 80" */
	int backlog;			/* 0 = as much as the kernel allows */
	const struct conf_server **servers; /* nservers, in the file's order */
	size_t nservers;
	const struct conf_server *fallback; /* takes names no server claims */
	struct conf_pos pos;
};

/* Limits of a worker and its connections. */
struct conf_limits {
	unsigned connections;		/* per worker */
	unsigned per_ip;		/* per client address; 0 = no limit */
	size_t header_size;		/* bytes of a request's head */
	int64_t header_ms;		/* time for it to arrive; of a handshake
					 * too */
	unsigned fields;		/* header fields */
	int64_t body_ms;		/* time without progress */
	uint64_t min_rate;		/* bytes a second, on average */
	int64_t keepalive_ms;		/* idle time */
	unsigned keepalive_requests;	/* per connection */
	int64_t send_ms;		/* time without progress */
};

enum conf_log_kind {
	CONF_LOG_UNSET,			/* terminal in the foreground, else
					 * file */
	CONF_LOG_OFF,
	CONF_LOG_FILE,
	CONF_LOG_STDOUT,
	CONF_LOG_STDERR,
	CONF_LOG_SYSLOG
};

enum conf_log_format {
	CONF_FORMAT_UNSET,
	CONF_FORMAT_COMBINED,
	CONF_FORMAT_COMMON,
	CONF_FORMAT_VHOST,		/* combined, behind server and port */
	CONF_FORMAT_JSON,
	CONF_FORMAT_CGI			/* combined, and what scripts took */
};

struct conf_logfile {
	enum conf_log_kind kind;
	const char *path;		/* absolute; the default's for UNSET
					 * too */
	struct conf_pos pos;
};

struct conf {
	const char *file;		/* as it was named; owned by the tree */
	const char *user;		/* workers run as this user */
	struct conf_pos user_pos;
	unsigned workers;		/* resolved: never 0 */
	const char *pidfile;		/* absolute */
	bool pidfile_set;		/* named in the file, not the default */
	struct conf_pos pidfile_pos;
	const char *control;		/* absolute; beside the pid file when
					 * that alone was named */
	bool control_set;		/* named in the file */
	struct conf_pos control_pos;
	int64_t drain_ms;
	bool sandbox;
	struct conf_dir *spool;		/* large request bodies go here; its fd
					 * may be -1 when the default is
					 * missing: then the system's temporary
					 * folder is used */
	uint64_t spool_total;
	uint64_t file_cache;		/* bytes, per worker; 0 = none */
	struct conf_limits limits;
	struct conf_logfile access;
	enum conf_log_format access_format;
	struct conf_logfile error;
	enum log_level error_level;
	int tls_min;			/* TLS1_2_VERSION or TLS1_3_VERSION */
	int tls_max;
	const char *ciphers;		/* OpenSSL list; NULL = built-in
					 * choice */
	struct conf_pos ciphers_pos;
	struct conf_tickets tickets;
	struct mime_table *mime;	/* owned */
	struct conf_server *servers;
	size_t nservers;
	unsigned places;		/* servers and locations, numbered */
	unsigned processes;		/* scripts at once in a worker: what is
					 * said outside of all servers */
	struct conf_listen *listens;
	size_t nlistens;
	struct conf_dir *dirs;		/* ndirs, all that were named; owned */
	size_t ndirs;
	struct conf_auth_file *auth_files; /* nauth_files, all that are named */
	size_t nauth_files;
	const struct conf_trust *trust;	/* ntrust, narrower networks first: the
					 * first that has a peer counts */
	size_t ntrust;
	unsigned nlimits;		/* how often `limit` was said */
};

/*
 * Reads file (NULL: an empty configuration, all defaults). Every mistake is
 * added to errors. Returns the tree, owned by the caller (conf_free), or NULL
 * when there was any mistake.
 */
struct conf *conf_load(const char *file, struct conf_errors *errors);
/* The same for a text that is in no file but made from a command line:
 * mistakes in it have no line, and conf.file is conf_command_line itself. */
struct conf *conf_load_text(const char *text, struct conf_errors *errors);
extern const char conf_command_line[];
/*
 * The same for whoever only has to find a server that runs: mistakes are left
 * out. NULL when memory is short. Good for pidfile, control and drain_ms.
 */
struct conf *conf_load_anyhow(const char *file);

/*
 * Opens the directories and loads the certificates a tree names, as the
 * process's present user. Adds every failure to errors; 0 or -1.
 */
int	conf_open(struct conf *conf, struct conf_errors *errors);

/* Closes what conf_open opened and frees the tree. NULL is fine. */
void	conf_free(struct conf *conf);

/* Appends the effective configuration, readable by conf_load. 0 or -1. */
int	conf_dump(const struct conf *conf, struct buf *out);

/* Appends what the schema says of the directives of that name (contexts,
 * arguments, default, sentence). 0, or -1 when there is none. */
int	conf_help(const char *name, struct buf *out);
/* Appends a line for each directive, in the table's order. 0 or -1. */
int	conf_help_list(struct buf *out);
/* The directive that was probably meant; n is 0 when none is near. */
struct str conf_help_nearest(const char *name);

/* Is this a directive of the main level that a reload does not change? */
bool	conf_needs_restart(struct str name);

/* The one of n names that is near to word, or NULL. */
const char *conf_nearest(const char *word, const char *const *names,
	    size_t n);
/* Appends word in quotes, as conf_load reads it. 0, or -1: memory is short, or
 * a control byte is in it, which no file may hold. */
int	conf_quote(const char *word, struct buf *out);

/* "127.0.0.1:80", "[::1]:80" or "unix:/path"; text is room for it. */
const char *conf_listen_text(const struct conf_listen *l,
	    char text[NET_ADDR_TEXT]);
/* Are they the same address? */
bool	conf_listen_same(const struct conf_listen *a,
	    const struct conf_listen *b);

/* --- mistakes --- */

struct conf_errors {
	struct buf text;		/* owned: what to show, all of it */
	unsigned n;			/* how many mistakes */
	size_t shown;			/* bytes of text without the line that
					 * counts what is not shown */
};

#define CONF_ERRORS_SHOWN	50		/* mistakes; the rest is
						 * counted */
#define CONF_WORD		((unsigned)-1)	/* width: of the word at pos */

/*
 * Adds one mistake: "file:line:col: text", the line itself and carets under
 * width bytes (0: no caret line), then the cure behind the carets when hint is
 * not NULL. A pos without line gives "file: text (hint)", one without file (or
 * NULL) "text (hint)". Control bytes come out as \xHH, whatever they are in.
 */
void	conf_error(struct conf_errors *e, const struct conf_pos *pos,
	    unsigned width, const char *hint, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
void	conf_errors_free(struct conf_errors *e);

#endif
