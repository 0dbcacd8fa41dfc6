/*
 * chunk: decodes the chunked transfer coding (RFC 9112 section 7.1), in place
 * and in any pieces. Pure: no I/O, no allocation.
 */
#ifndef WORKER_HTTP_CHUNK_H
#define WORKER_HTTP_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_LINE_MAX		256	/* a size line with its extensions */
#define CHUNK_EXTENSIONS_MAX	4096	/* all extensions of a message */
#define CHUNK_TRAILER_MAX	4096	/* bytes of the trailer section */
#define CHUNK_TRAILER_FIELDS	32

enum chunk_result {
	CHUNK_NONE,
	CHUNK_MORE,			/* all bytes were used, more are needed */
	CHUNK_DATA,			/* *data is a piece of the body */
	CHUNK_END,			/* the body and its trailer are complete */
	CHUNK_BAD			/* answer 400 and close */
};

/* Zero is the start of a body. The fields are chunk.c's alone. */
struct chunk_decoder {
	int state;
	uint64_t left;			/* bytes of the present chunk to come */
	unsigned digits;
	unsigned line;			/* bytes of the present line */
	unsigned extensions;		/* bytes of all extensions so far */
	unsigned trailer;		/* bytes of the trailer so far */
	unsigned fields;		/* trailer fields so far */
	unsigned name;			/* bytes of the trailer name at hand */
	char name_text[24];		/* its beginning, lower case */
};

/*
 * Looks at n bytes at p; *used says how many were taken. After DATA, *data and
 * *data_n name a slice of p, and the caller calls again with what is left.
 * Bytes after END are not touched.
 */
enum chunk_result chunk_decode(struct chunk_decoder *d, const char *p,
	    size_t n, size_t *used, const char **data, size_t *data_n);

#endif
