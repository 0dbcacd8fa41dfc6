/* What a reload would change, told from two dumps. */
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "master/changes.h"
#include "t/unit/tap.h"

static const char *
changes(const char *was, const char *is)
{
	static char text[4096];
	struct buf out = { .p = NULL };

	if (changes_put(str_from(was), str_from(is), &out) == -1)
		return "no memory";
	(void)snprintf(text, sizeof(text), "%.*s", (int)buf_len(&out),
	    buf_len(&out) == 0 ? "" : buf_head(&out));
	buf_free(&out);
	return text;
}

static void
check(const char *was, const char *is, const char *expected, const char *name)
{
	const char *got = changes(was, is);

	ok(strcmp(got, expected) == 0, "%s", name);
	if (strcmp(got, expected) != 0)
		printf("# got: %s\n", got);
}

int
main(void)
{
	check("", "", "", "nothing is nothing");
	check("workers 2\n", "workers 2\n", "", "the same is no change");
	check("# user www-data\n", "user www-data\n", "",
	    "a default that is written down is none");
	check("workers 2\ndrain 1s\n", "workers 4\ndrain 1s\n",
	    "    - workers 2\n    + workers 4\n", "one for another");
	check("# pidfile /a\n", "pidfile /b\n",
	    "    - pidfile /a (needs a restart)\n"
	    "    + pidfile /b (needs a restart)\n", "what a reload cannot do");
	check("limits {\n    fields 1\n}\n", "limits {\n    fields 2\n}\n",
	    "    - limits: fields 1\n    + limits: fields 2\n", "in a block");
	check("server a {\n    root /a\n}\n",
	    "server b {\n    root /a\n}\n",
	    "    - server a\n    + server b\n    - server a: root /a\n"
	    "    + server b: root /a\n", "another block");
	check("server {\n    root /a\n}\nserver {\n    root /b\n}\n",
	    "server {\n    root /b\n}\nserver {\n    root /b\n}\n",
	    "    - server: root /a\n    + server: root /b\n",
	    "blocks of one name are not mixed up");
	check("server {\n    location /x/ {\n        index a\n    }\n}\n",
	    "server {\n    location /x/ {\n        index a\n"
	    "        index b\n    }\n}\n",
	    "    + server: location /x/: index b\n", "a block in a block");
	check("server a {\n}\nserver b {\n}\n",
	    "server b {\n}\nserver a {\n}\n",
	    "    the order of some lines\n", "the first server is another");
	check("}\n}\nworkers 2", "workers 2\n}", "", "no end of a block that "
	    "has no beginning");
	return done_testing();
}
