/*
 * file_copy: the bytes of a file that is sent over TLS again and again.
 *
 * Plain answers leave by sendfile; what is to be encrypted has to be read, each
 * time anew. So a file that is asked for again while it is at hand is read into
 * memory as it is sent, once a second, and sent from there. What is written
 * through a mapping need not show in a file's times, so answers that begin
 * later than that get a new copy.
 */
#ifndef WORKER_SERVE_FILE_COPY_H
#define WORKER_SERVE_FILE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_copy;
struct span;

/* A copy of a file with size bytes, as yet without content, one reference. NULL
 * when all copies together would have more than most bytes, or memory is
 * short. */
struct file_copy *file_copy_new(size_t size, uint64_t most);
/* Another reference. */
struct file_copy *file_copy_use(struct file_copy *c);
/* One reference less; the last one frees. NULL is fine. */
void	file_copy_drop(struct file_copy *c);
/* May an answer that begins now be taken from it? NULL is none. */
bool	file_copy_is_fresh(const struct file_copy *c);
/*
 * Takes a piece from the beginning of a range of the file: *piece is of memory
 * where the copy has it, or can be read on to there. Where not, or where the
 * file cannot be read, it is the range as it was.
 */
void	file_copy_take(struct file_copy *c, struct span *range,
	    struct span *piece);

#endif
