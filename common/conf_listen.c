/*
 * Where a server listens, as people and configurations write it.
 */
#include "common/conf.h"

#include <string.h>

const char *
conf_listen_text(const struct conf_listen *l, char text[NET_ADDR_TEXT])
{
	if (l->name != NULL)
		return l->name;
	(void)net_addr_text(&l->addr, text);
	return text;
}

bool
conf_listen_same(const struct conf_listen *a, const struct conf_listen *b)
{
	if (a->path != NULL || b->path != NULL)
		return a->path != NULL && b->path != NULL &&
		    strcmp(a->path, b->path) == 0;
	return net_addr_eq(&a->addr, &b->addr);
}
