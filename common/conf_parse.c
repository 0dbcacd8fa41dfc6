/*
 * From words and brackets to a tree of directives.
 *
 * Not recursive but for includes, whose depth is limited: a block is entered
 * and left by moving one pointer, so no file can exhaust the stack.
 */
#include "common/conf_parse.h"

#include <errno.h>
#include <string.h>

#include "common/arena.h"
#include "common/conf_check.h"
#include "common/conf_file.h"
#include "common/conf_schema.h"
#include "common/conf_tree.h"

struct parser {
	struct conf_lexer lexer;
	struct conf_tree *tree;
	const struct conf_reading *reading;
	struct conf_let **lets;		/* shared with the including file */
	struct conf_node *bottom;	/* the block the file stands in */
	struct conf_node *block;	/* the innermost open one */
	struct conf_node *node;		/* the directive being read, or NULL */
	bool closed;			/* the line has seen a "}" */
};

static void
error_at(struct parser *p, const struct conf_word *at, const char *hint,
    const char *text)
{
	conf_error(p->tree->errors, &at->pos, CONF_WORD, hint, "%s", text);
}

/* The directive being read, begun if there is none. */
static struct conf_node *
current(struct parser *p)
{
	if (p->node == NULL) {
		p->node = conf_alloc(p->tree, sizeof(*p->node));
		if (p->node == NULL) {
			p->lexer.stop = true;
			return NULL;
		}
		p->node->parent = p->block;
		p->node->depth = p->block->depth + 1;
		p->tree->nnodes++;
	}
	return p->node;
}

static void
add_word(struct parser *p, const struct conf_word *word, bool bad)
{
	struct conf_node *node;
	struct conf_word *words;

	if (p->closed)
		error_at(p, word, "begin a new line behind \"}\"",
		    "text behind \"}\"");
	p->closed = false;
	node = current(p);
	if (node == NULL)
		return;
	words = conf_grow(p->tree, node->words, node->nwords, sizeof(*words));
	if (words == NULL) {
		node->bad = true;
		p->lexer.stop = true;
		return;
	}
	node->bad |= bad;
	node->words = words;
	words[node->nwords++] = *word;
}

/* `let NAME VALUE` */
static void
let(struct parser *p, const struct conf_node *node)
{
	const struct conf_word *name = &node->words[1];
	const struct conf_let *old;
	struct conf_let *made;

	if (!conf_lex_is_name(name->text)) {
		error_at(p, name, "a name is made of letters, digits and \"_\"",
		    "this is not a name");
		return;
	}
	if (conf_lex_is_request_name(name->text)) {
		error_at(p, name, "choose another name",
		    "this name is for redirects");
		return;
	}
	old = conf_lex_find(*p->lets, name->text);
	if (old != NULL && old->depth == node->depth) {
		conf_error(p->tree->errors, &name->pos, CONF_WORD,
		    "choose another name", "\"%s\" was given a value at %s:%u",
		    name->text.p, old->pos.file, old->pos.line);
		return;
	}
	made = conf_alloc(p->tree, sizeof(*made));
	if (made == NULL)
		return;
	*made = (struct conf_let){ .name = name->text,
	    .value = node->words[2].text, .pos = name->pos,
	    .depth = node->depth, .outer = *p->lets };
	*p->lets = made;
}

static void
append(struct conf_node *block, struct conf_node *node)
{
	if (block->last == NULL)
		block->first = node;
	else
		block->last->next = node;
	block->last = node;
}

/* The directive being read is complete: `let` and `include` are done at once,
 * everything else goes into the tree. */
static void
finish(struct parser *p)
{
	struct conf_node *node = p->node;
	const struct conf_directive *d = NULL;

	p->node = NULL;
	p->closed = false;
	if (node == NULL)
		return;
	if (!node->bad && !node->has_block)
		d = conf_schema_find(node->words[0].text, CONF_IN_FILE);
	if (d == NULL) {
		append(p->block, node);
		return;
	}
	if (!conf_check_count(p->tree->errors, node, d))
		return;
	if (strcmp(d->name, "let") == 0)
		let(p, node);
	else
		conf_include(p->tree, p->block, &node->words[1], p->reading,
		    p->lets);
}

/* A "{" on a line of its own: most likely for the directive before it. */
static struct conf_node *
lonely_brace(struct parser *p, const struct conf_word *brace)
{
	struct conf_node *node = p->block->last;

	error_at(p, brace, "it stands on the line of its directive",
	    "\"{\" without a directive");
	if (node != NULL && !node->has_block)
		return node;
	node = current(p);
	if (node != NULL)
		node->bad = true;
	return node;
}

static void
open_block(struct parser *p, const struct conf_word *brace)
{
	struct conf_node *node = p->node;

	if (node == NULL)
		node = lonely_brace(p, brace);
	if (node == NULL)
		return;
	node->has_block = true;
	finish(p);
	p->block = node;
	if (node->depth <= CONF_DEPTH_MAX)
		return;
	error_at(p, brace, "is a \"}\" missing before it?",
	    "blocks are nested too deeply");
	p->tree->unbalanced = true;
	p->lexer.stop = true;
}

/* What `let` said in a block is forgotten at its end. */
static void
forget_lets(struct parser *p)
{
	while (*p->lets != NULL && (*p->lets)->depth > p->block->depth + 1)
		*p->lets = (*p->lets)->outer;
}

static void
close_block(struct parser *p, const struct conf_word *brace)
{
	finish(p);
	if (p->block == p->bottom) {
		error_at(p, brace, "no block is open here", "unexpected \"}\"");
		p->tree->unbalanced = true;
		return;
	}
	p->block = p->block->parent;
	forget_lets(p);
	p->closed = true;
}

/* The file has ended: so must have all its blocks. */
static void
end(struct parser *p)
{
	static const struct conf_word nowhere;
	struct conf_node *node;

	finish(p);
	for (node = p->block; node != p->bottom; node = node->parent) {
		const struct conf_word *at = node->nwords > 0 ?
		    &node->words[0] : &nowhere;

		if (p->lexer.stop)
			break;
		error_at(p, at, "put a \"}\" at its end",
		    "this block is not closed");
		p->tree->unbalanced = true;
	}
	p->block = p->bottom;
	forget_lets(p);
}

static void
parse(struct parser *p)
{
	struct conf_word word;

	for (;;) {
		p->lexer.lets = *p->lets;
		switch (conf_lex(&p->lexer, &word)) {
		case CONF_TOKEN_END:
			end(p);
			return;
		case CONF_TOKEN_WORD:
			add_word(p, &word, false);
			break;
		case CONF_TOKEN_BAD:
			add_word(p, &word, true);
			break;
		case CONF_TOKEN_NEWLINE:
			finish(p);
			break;
		case CONF_TOKEN_OPEN:
			open_block(p, &word);
			break;
		case CONF_TOKEN_CLOSE:
			close_block(p, &word);
			break;
		}
	}
}

static void
parse_text(struct parser *p, const char *file, struct str text)
{
	p->lexer = (struct conf_lexer){ .tree = p->tree, .file = file,
	    .line = 1, .p = text.p, .end = text.p + text.n };
	p->lexer.p += conf_file_bom(text);
	p->lexer.line_start = p->lexer.p;
	parse(p);
	buf_free(&p->lexer.scratch);
}

int
conf_parse_file(struct conf_tree *tree, struct conf_node *block,
    const char *file, const struct conf_reading *reading,
    struct conf_let **lets)
{
	struct buf text = { 0 };
	struct parser p = { .tree = tree, .reading = reading, .lets = lets,
	    .bottom = block, .block = block };
	int result = conf_file_read(file, &text), error = errno;

	if (result == 0 && buf_len(&text) > 0)
		parse_text(&p, file, buf_str(&text));
	buf_free(&text);
	errno = error;
	return result;
}

void
conf_parse(struct conf_tree *tree, const char *file)
{
	struct conf_word first = { .text = str_from(file) };
	struct conf_let *lets = NULL;

	conf_include(tree, tree->root, &first, NULL, &lets);
}

void
conf_parse_text(struct conf_tree *tree, const char *text)
{
	struct conf_let *lets = NULL;
	struct parser p = { .tree = tree, .lets = &lets, .bottom = tree->root,
	    .block = tree->root };

	parse_text(&p, conf_command_line, str_from(text));
}
