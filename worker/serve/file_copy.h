/*
 * file_copy: the bytes of a file that is sent over TLS again and again.
 *
 * Plain answers leave by sendfile; what is to be encrypted has to be read, each
 * time anew. So a file that is asked for again while it is at hand is read into
 * memory as it is sent, once, and from there on sent from there.
 */
#ifndef WORKER_SERVE_FILE_COPY_H
#define WORKER_SERVE_FILE_COPY_H

#include <stddef.h>

struct file_body;
struct span;

/* b, whose file has size bytes, gets a copy, as yet without content; or none,
 * when memory is short. */
void	file_copy_begin(struct file_body *b, size_t size);
void	file_copy_free(struct file_body *b);
/*
 * Takes a piece from the beginning of a range of b's file: *piece is of memory
 * where the copy has it, or can be read on to there. Where not, or where the
 * file cannot be read, it is the range as it was.
 */
void	file_copy_take(struct file_body *b, struct span *range,
	    struct span *piece);

#endif
