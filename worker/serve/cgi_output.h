/*
 * cgi_output: the header block at the start of a script's output (RFC 3875
 * section 6), from bytes to slices. Pure.
 *
 * A script's output is no more trusted than a request: one doubtful byte and
 * nothing of it is sent.
 */
#ifndef WORKER_SERVE_CGI_OUTPUT_H
#define WORKER_SERVE_CGI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define CGI_HEAD_MAX	16384	/* bytes of the block with its blank line */
#define CGI_FIELDS_MAX	100

struct cgi_field {
	struct str name;
	struct str value;		/* without the space around it */
};

/* Slices into the parsed bytes. */
struct cgi_output {
	int status;			/* 200 to 599; 0 = none was given */
	struct str type;		/* empty = none was given */
	struct str location;		/* likewise */
	bool has_length;
	uint64_t length;
	struct str wrong;		/* BAD: the line, if it is a line */
	size_t size;			/* of the block: the body starts here */
	/* What is passed on; what only we may say was left out. */
	struct cgi_field field[CGI_FIELDS_MAX];
	size_t nfields;
};

enum cgi_output_result {
	CGI_OUTPUT_NONE,
	CGI_OUTPUT_PARTIAL,		/* the blank line is not there yet */
	CGI_OUTPUT_COMPLETE,		/* *out is filled */
	CGI_OUTPUT_BAD			/* *why says what is wrong */
};

/*
 * Reads the block at p, of which n bytes are there. *scanned (0 at first, the
 * caller keeps it with the bytes) lets a call after PARTIAL go on where the
 * last one stopped. *why is static.
 */
enum cgi_output_result cgi_output_parse(const char *p, size_t n,
	    size_t *scanned, struct cgi_output *out, const char **why);

/*
 * The same for a script that writes the whole head of its response itself (RFC
 * 3875 section 5): a status line, and fields in lines that end in CR LF. Only
 * status, length and size are filled in; what is passed on are the bytes
 * themselves.
 */
enum cgi_output_result cgi_output_parse_whole(const char *p, size_t n,
	    size_t *scanned, struct cgi_output *out, const char **why);

#endif
