/*
 * changes: what differs between two configurations, both as conf_dump writes
 * them.
 */
#ifndef MASTER_CHANGES_H
#define MASTER_CHANGES_H

#include "common/str.h"

struct buf;

/*
 * Appends a line for each directive that is only in was ("- workers 2") or only
 * in is ("+ workers 4"), with the blocks it stands in before it and, where a
 * reload does not change it, a word about that behind it. 0, or -1 when memory
 * is short.
 */
int	changes_put(struct str was, struct str is, struct buf *out);

#endif
