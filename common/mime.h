/*
 * mime: media types by file name extension.
 *
 * Starts from conf/mime.types, which is built into the program; `types`
 * blocks add to it or replace what it says.
 */
#ifndef COMMON_MIME_H
#define COMMON_MIME_H

#include "common/str.h"

struct mime_table;

/* The built-in table; NULL when memory is short. */
struct mime_table *mime_new(void);
/* extension without its dot, any case. Copies both. 0 or -1. */
int	mime_add(struct mime_table *t, struct str type, struct str extension);
/*
 * The Content-Type for a file name, by what follows its last dot, compared
 * without case: text types carry "; charset=utf-8". Never NULL:
 * application/octet-stream for what is not known. Borrowed from the table.
 */
const char *mime_type(const struct mime_table *t, struct str file_name);
void	mime_free(struct mime_table *t);

#endif
