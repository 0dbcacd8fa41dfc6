/*
 * hello: the smallest CGI program, in C. "make" builds it.
 *
 * A CGI program writes a header, a blank line, and a body. What it wants to
 * know of the request is in its environment.
 */
#include <stdio.h>
#include <stdlib.h>

/* Writes text so that a browser shows it and never runs it. */
static void
put_escaped(const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			(void)fputs("&amp;", stdout);
			break;
		case '<':
			(void)fputs("&lt;", stdout);
			break;
		case '>':
			(void)fputs("&gt;", stdout);
			break;
		case '"':
			(void)fputs("&quot;", stdout);
			break;
		default:
			(void)putchar(*text);
			break;
		}
	}
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL ? "" : value;
}

int
main(void)
{
	(void)printf("Content-Type: text/html; charset=utf-8\n\n");
	(void)printf("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<title>Hello from C</title>\n"
	    "</head>\n<body>\n<h1>Hello from C</h1>\n<p>You are ");
	put_escaped(variable("REMOTE_ADDR"));
	(void)printf(" and asked for ");
	put_escaped(variable("REQUEST_URI"));
	(void)printf(" by ");
	put_escaped(variable("REQUEST_SCHEME"));
	(void)printf(".</p>\n</body>\n</html>\n");
	return fflush(stdout) == 0 ? 0 : 1;
}
