/*
 * listen: the listening sockets of a generation.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/net.h"

struct conf;
struct conf_errors;
struct listener;
struct sockfile;

/* Zero is an empty set. */
struct listen_set {
	struct listener *sockets;	/* owned, with their descriptors */
	bool *fresh;			/* owned; bound now, not kept */
	struct sockfile **files;	/* owned; of UNIX sockets, else NULL */
	size_t n;
};

/*
 * Binds every address of conf; one that old listens on already is shared with
 * it, its descriptor duplicated (the one with port 0 that stands first is
 * shared with the first such one). What cannot be bound is added to errors,
 * each in a line: 0 or -1, and then nothing is left open.
 */
int	listen_open(struct listen_set *s, const struct conf *conf,
	    const struct listen_set *old, struct conf_errors *errors);
/* Could they all be bound, were no other program there? Each that could not is
 * added to errors: 0 or -1. Nothing listens meanwhile. */
int	listen_check(const struct conf *conf, struct conf_errors *errors);
/* Once the set is in use: logs the addresses that are new, and gives the
 * others the backlog and the mode they are to have now. */
void	listen_announce(const struct listen_set *s);
/* The address of a socket as it really is, its port known; text is room. */
const char *listen_text(const struct listener *l, char text[NET_ADDR_TEXT]);
/* Nobody will listen there any more: workers that are told to finish wait for
 * who has connected already and said nothing yet. */
void	listen_end(const struct listen_set *s);
/* The names of UNIX sockets that no other set shares go with them. */
void	listen_close(struct listen_set *s);

#endif
