/*
 * conf_parse: from text to a tree of directives.
 *
 * Private to conf_*. Knows lines, words, quotes, blocks, `include`, `let` and
 * `$name`; what a directive means is left to conf_schema and conf_check.
 */
#ifndef COMMON_CONF_PARSE_H
#define COMMON_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/conf.h"
#include "common/str.h"

struct conf_directive;
struct conf_tree;

#define CONF_DEPTH_MAX		16	/* blocks within blocks */
#define CONF_INCLUDE_MAX	8	/* files within files */

struct conf_word {
	struct conf_pos pos;
	struct str text;	/* $names replaced, quotes gone; NUL behind */
	uint64_t value;		/* what conf_check read in it */
	const char *path;	/* of a path: absolute */
	bool of_request;	/* has $rest or $query in it */
};

/* One directive, or the file itself (no words). */
struct conf_node {
	struct conf_word *words;	/* nwords; the first is the name */
	size_t nwords;
	bool bad;			/* a word could not be read */
	bool has_block;
	unsigned depth;			/* 0 is the file itself */
	struct conf_node *parent;
	struct conf_node *first;	/* what stands in the block */
	struct conf_node *last;
	struct conf_node *next;		/* what follows in the same block */
	const struct conf_directive *directive; /* by conf_check; NULL when
					 * there is anything wrong with it */
};

/* --- between conf_parse, conf_lex and conf_include --- */

enum conf_token {
	CONF_TOKEN_END,			/* of the file */
	CONF_TOKEN_WORD,
	CONF_TOKEN_BAD,			/* a word with a mistake, reported */
	CONF_TOKEN_NEWLINE,		/* or ";" */
	CONF_TOKEN_OPEN,
	CONF_TOKEN_CLOSE
};

/* A name given by `let`, seen up to the end of the block it stands in. */
struct conf_let {
	struct str name;
	struct str value;
	struct conf_pos pos;
	unsigned depth;
	struct conf_let *outer;		/* given before */
};

/* Reads one file. */
struct conf_lexer {
	struct conf_tree *tree;
	const char *file;		/* its name, as it is shown */
	const char *p;			/* the next byte */
	const char *end;
	const char *line_start;
	unsigned line;
	bool stop;			/* no use in reading on */
	struct buf scratch;		/* owned: the word being read */
	bool of_request;		/* and it has $rest or $query in it */
	const struct conf_let *lets;	/* the latest first */
};

/* A file that is being read, and the one that includes it. */
struct conf_reading {
	const char *path;		/* resolved by realpath(3) */
	unsigned depth;
	const struct conf_reading *includer;
};

/* The next token; *word is set for WORD and holds the place of the others. */
enum conf_token conf_lex(struct conf_lexer *l, struct conf_word *word);
/* May name be given by `let`? */
bool	conf_lex_is_name(struct str name);
/* Does it stand for a part of each request, so that `let` cannot give it and
 * $NAME stays as it is? */
bool	conf_lex_is_request_name(struct str name);
/* The latest of that name, or NULL. */
const struct conf_let *conf_lex_find(const struct conf_let *lets,
	    struct str name);

/* Parses the files that pattern names into block, as if they stood there. */
void	conf_include(struct conf_tree *tree, struct conf_node *block,
	    const struct conf_word *pattern,
	    const struct conf_reading *includer, struct conf_let **lets);
/* Parses one file into block: 0, or -1 with errno when it cannot be read. */
int	conf_parse_file(struct conf_tree *tree, struct conf_node *block,
	    const char *file, const struct conf_reading *reading,
	    struct conf_let **lets);

/* --- for conf_build --- */

/* Parses file, and what it includes, into tree->root. */
void	conf_parse(struct conf_tree *tree, const char *file);
/* Parses a text that is in no file. */
void	conf_parse_text(struct conf_tree *tree, const char *text);

#endif
