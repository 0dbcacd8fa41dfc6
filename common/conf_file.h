/*
 * conf_file: the files a configuration is made of.
 *
 * Private to conf_*: reading one whole, and what a path in it means.
 */
#ifndef COMMON_CONF_FILE_H
#define COMMON_CONF_FILE_H

#include <stddef.h>

#include "common/str.h"

struct arena;
struct buf;

#define CONF_FILE_MAX	((size_t)16 << 20)	/* bytes of one file */

/*
 * Appends the whole file to out. What is no regular file is refused, so that
 * nothing can block: the master would hear no signal, and a reload could not
 * read it a second time. 0, or -1 with errno (EISDIR, EFBIG, EINVAL: it is a
 * pipe or a device, ...).
 */
int	conf_file_read(const char *path, struct buf *out);
/* The length of the byte-order mark that text begins with: 0 or 3. */
size_t	conf_file_bom(struct str text);
/*
 * What path means in file: relative to the file's folder. The result is
 * absolute and has no "//", "/./", "/../" or slash at its end. NULL with
 * errno: memory is short, or the present folder is gone.
 */
char   *conf_file_resolve(struct arena *a, const char *file, struct str path);
/* The same without making it absolute, for names that people read. */
char   *conf_file_beside(struct arena *a, const char *file, struct str path);

#endif
