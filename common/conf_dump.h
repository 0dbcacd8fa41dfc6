/*
 * conf_dump: how a configuration is written.
 *
 * Private to conf_*. conf_dump.c has the main level, conf_dump_site.c servers
 * and locations, the others a part of these; conf_dump_text.c what all share.
 */
#ifndef COMMON_CONF_DUMP_H
#define COMMON_CONF_DUMP_H

#include <stddef.h>

struct buf;
struct conf_answer;
struct conf_client;
struct conf_location;
struct conf_pos;
struct conf_server;
struct conf_tree;

struct dump {
	struct buf *out;
	const struct conf_tree *tree;
	int depth;		/* of blocks */
};

/* Four spaces for each block. */
void	dump_indent(const struct dump *d);
/* " word", in quotes when it needs them. */
void	dump_word(const struct dump *d, const char *word);
/* A line of its own: name and word. Without a file in pos, a comment. */
void	dump_line(const struct dump *d, const char *name, const char *word,
	    const struct conf_pos *pos);
/* Ends the line that opens a block; the last line of a block. */
void	dump_open(struct dump *d);
void	dump_close(struct dump *d);
/*
 * The directives that the schema keeps by itself and that belong in where:
 * those of base that differ from outer (NULL: all), within a block of that
 * name (NULL: none).
 */
void	dump_table(struct dump *d, const char *block, unsigned where,
	    const void *base, const void *outer);
/* A site's directives that differ from outer (NULL: all). */
void	dump_site(struct dump *d, const struct conf_location *l,
	    const struct conf_location *outer);
/* How its files are sent, in the same way. */
void	dump_files(const struct dump *d, const struct conf_location *l,
	    const struct conf_location *outer);
/* Rules and passwords, likewise. */
void	dump_access(const struct dump *d, const struct conf_location *l,
	    const struct conf_location *outer);
/* What one client may have, likewise. */
void	dump_limits(const struct dump *d, const struct conf_location *l,
	    const struct conf_location *outer);
/* The same for what is done to answers. */
void	dump_answer(const struct dump *d, const struct conf_answer *a,
	    const struct conf_answer *outer);
/* The proxies that are trusted. */
void	dump_trust(struct dump *d);
/* Whether clients are asked for a certificate. */
void	dump_client(const struct dump *d, const struct conf_client *c);
/* By which keys sessions are taken up again. */
void	dump_tickets(const struct dump *d);
void	dump_server(struct dump *d, const struct conf_server *s);

#endif
