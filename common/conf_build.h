/*
 * conf_build: from checked directives to the tree that everybody reads.
 *
 * Private to conf_*. One conf_set_* per directive that the schema's argument
 * types cannot describe alone; the schema names them.
 */
#ifndef COMMON_CONF_BUILD_H
#define COMMON_CONF_BUILD_H

#include <stdbool.h>

#include "common/conf.h"
#include "common/conf_parse.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

/* The block that is being filled in. */
struct conf_scope {
	struct conf_tree *tree;
	struct conf_server *server;	/* NULL at the main level */
	struct conf_location *location;	/* what a site's directives fill in */
};

/* Keeps the values of one directive, then of its block. */
void	conf_build_node(struct conf_scope *scope, const struct conf_node *node);
/* The directives of a block: those that are late, or those that are not. A
 * late one begins with what the others said. */
void	conf_build_some(struct conf_scope *scope, const struct conf_node *block,
	    bool late);
/* A mistake at a word. */
void	conf_wrong(const struct conf_scope *scope, const struct conf_word *at,
	    const char *hint, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

/* The directory of that path, noted for conf_open; one for each path. NULL
 * when memory is short. */
struct conf_dir *conf_build_dir(struct conf_tree *tree, const char *path,
	    const struct conf_pos *pos);
/* The control socket of a server whose pid file alone was named. */
void	conf_build_control(struct conf_tree *tree);
/* Finishes the locations of all servers, and what is left to defaults. */
void	conf_build_servers(struct conf_tree *tree);
/* Numbers the places that scripts are counted for, and keeps how many may run
 * in all of them. */
void	conf_build_places(struct conf_tree *tree);
/* What a server listens on that does not say so. */
void	conf_build_default_listens(struct conf_scope *scope);
/* The kernel gives a port on all addresses and the same on one of them to one
 * socket only: is one in the way of another? */
void	conf_build_check_listen(struct conf_tree *tree,
	    const struct conf_listen *one);
/* Who answers on each address, and whether that is unambiguous. */
void	conf_build_listens(struct conf_tree *tree);
/* Finds each `require any` that nothing can come of. */
void	conf_build_check_require(struct conf_tree *tree);
/* Where the servers that want https are reached by it. */
void	conf_build_https(struct conf_tree *tree);
/* Finds what needs tls where there is none. */
void	conf_build_check_tls(struct conf_tree *tree);
/* Reads a network; false, and a mistake, when word is none. */
bool	conf_build_network(const struct conf_scope *scope,
	    const struct conf_word *word, struct cidr *net);
/* A token of RFC 9110 5.6.2? */
bool	conf_build_is_token(struct str s);
/* Refuses "/", the whole machine, as a folder to serve. */
bool	conf_build_is_safe(const struct conf_scope *scope,
	    const struct conf_word *path);

conf_apply conf_build_block;
conf_apply conf_set_access;
conf_apply conf_set_cache;
conf_apply conf_set_auth;
conf_apply conf_set_certificate;
conf_apply conf_set_cgi;
conf_apply conf_set_ciphers;
conf_apply conf_set_client;
conf_apply conf_set_control;
conf_apply conf_set_env;
conf_apply conf_set_error;
conf_apply conf_set_gzip;
conf_apply conf_set_errors;
conf_apply conf_set_fallback;
conf_apply conf_set_header;
conf_apply conf_set_hsts;
conf_apply conf_set_https;
conf_apply conf_set_index;
conf_apply conf_set_listen;
conf_apply conf_set_limit;
conf_apply conf_set_location;
conf_apply conf_set_no;
conf_apply conf_set_order;
conf_apply conf_set_pidfile;
conf_apply conf_set_precompressed;
conf_apply conf_set_processes;
conf_apply conf_set_protocols;
conf_apply conf_set_require;
conf_apply conf_set_redirect;
conf_apply conf_set_refuse;
conf_apply conf_set_root;
conf_apply conf_set_rules;
conf_apply conf_set_server;
conf_apply conf_set_spool;
conf_apply conf_set_trust;
conf_apply conf_set_tickets;
conf_apply conf_set_types;
conf_apply conf_set_user;
conf_apply conf_set_workers;

#endif
