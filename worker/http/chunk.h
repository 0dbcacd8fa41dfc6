/*
 * chunk: decodes the chunked transfer coding (RFC 9112 section 7.1), in place
 * and in any pieces. Pure: no I/O, no allocation.
 */
#ifndef WORKER_HTTP_CHUNK_H
#define WORKER_HTTP_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#define CHUNK_LINE_MAX		256	/* a size line with its extensions, CRLF
					 * not counted */
#define CHUNK_EXTENSIONS_MAX	4096	/* all extensions of a message */
#define CHUNK_TRAILER_MAX	4096	/* bytes of all trailer fields' lines */
#define CHUNK_TRAILER_FIELDS	32
#define CHUNK_DIGITS_MAX	15	/* of a size, leading zeros aside */

enum chunk_result {
	CHUNK_NONE,
	CHUNK_MORE,			/* all bytes were used, go on */
	CHUNK_DATA,			/* *data is a piece of the body */
	CHUNK_END,			/* body and trailer are complete */
	CHUNK_BAD			/* answer 400 and close */
};

/* What the next byte is to be. */
enum chunk_state {
	CHUNK_SIZE_START,		/* the first digit of a size */
	CHUNK_SIZE,			/* its other digits, or what ends it */
	CHUNK_EXT_GAP,			/* blanks and the ';' of an extension */
	CHUNK_EXT_NAME_START,
	CHUNK_EXT_NAME,
	CHUNK_EXT_NAME_GAP,		/* blanks and ';' or '=' */
	CHUNK_EXT_VALUE_START,
	CHUNK_EXT_VALUE,
	CHUNK_EXT_QUOTED,
	CHUNK_EXT_ESCAPED,		/* after a backslash */
	CHUNK_EXT_QUOTED_END,
	CHUNK_SIZE_LF,
	CHUNK_BYTES,			/* left bytes of the body */
	CHUNK_BYTES_CR,
	CHUNK_BYTES_LF,
	CHUNK_TRAILER_START,		/* a field, or the CR of the end */
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
	CHUNK_DONE,
	CHUNK_REFUSED
};

/* Zero is the start of a body. The fields are chunk.c's alone. */
struct chunk_decoder {
	enum chunk_state state;
	unsigned digits;		/* of the size, leading zeros aside */
	uint64_t left;			/* bytes of the present chunk to come */
	unsigned line;			/* bytes of the present size line */
	unsigned extensions;		/* bytes of all extensions so far */
	unsigned trailer;		/* bytes of the trailer so far */
	unsigned fields;		/* trailer fields so far */
	unsigned name;			/* bytes of the trailer name at hand */
	char name_text[24];		/* its beginning, lower case */
};

/*
 * Looks at n bytes at p; *used says how many were taken. After DATA, *data and
 * *data_n name a slice of p, and the caller calls again with what is left.
 * Bytes after END are not touched. END and BAD stay what they are.
 *
 * Extensions and trailer fields are checked and discarded. A field that frames,
 * routes or authorises the message is refused there: BAD.
 */
enum chunk_result chunk_decode(struct chunk_decoder *d, const char *p,
	    size_t n, size_t *used, const char **data, size_t *data_n);

#endif
