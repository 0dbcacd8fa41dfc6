/*
 * Error pages: HTML, UTF-8, made from the status alone.
 */
#include "worker/serve/error.h"

#include "worker/http/request.h"
#include "worker/http/status.h"
#include "worker/serve/style.h"

static const char *
sentence(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = {
		{ 301, "This page has moved." },
		{ 302, "This page is somewhere else for now." },
		{ 303, "The answer is on another page." },
		{ 307, "This page is somewhere else for now." },
		{ 308, "This page has moved." },
		{ 400, "Your browser sent a request that this server could "
		    "not understand." },
		{ 401, "This page wants to know who you are." },
		{ 403, "You may not see this page." },
		{ 404, "There is no page at this address." },
		{ 405, "This page cannot be used in that way." },
		{ 408, "The request took too long to arrive." },
		{ 413, "What was sent is larger than this server accepts." },
		{ 414, "This address is longer than this server accepts." },
		{ 417, "The server cannot do what the request expects." },
		{ 421, "This server does not answer for this name here." },
		{ 431, "The request's header is larger than this server "
		    "accepts." },
		{ 500, "Something went wrong on the server." },
		{ 501, "The server does not know this method." },
		{ 502, "The program behind this page gave no proper answer." },
		{ 503, "The server is busy. Please try again in a moment." },
		{ 504, "The program behind this page did not answer in time." },
		{ 505, "The server speaks HTTP/1.1 and HTTP/1.0 only." },
		{ 507, "The server has no room for what was sent." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status)
			return table[i].text;
	return status >= 500 ? "Something went wrong on the server." :
	    "The request could not be fulfilled.";
}

void
error_page(struct request *r)
{
	struct response *res = &r->response;
	struct str reason = status_reason(res->status);
	char *page;
	size_t n;

	page = arena_printf(&r->arena,
	    "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<title>%d %.*s</title>\n"
	    "<style>%s"
	    "body{max-width:36rem;padding-top:18vh}"
	    "h1 span{display:block;color:var(--accent);font-size:1rem;"
	    "letter-spacing:.1em}</style>\n"
	    "</head>\n"
	    "<body>\n<main>\n<h1><span>%d</span> %.*s</h1>\n<p>%s</p>\n"
	    "</main>\n</body>\n</html>\n",
	    res->status, (int)reason.n, reason.p, page_style, res->status,
	    (int)reason.n, reason.p, res->why != NULL ? res->why :
	    sentence(res->status));
	if (res->source != NULL)
		res->source->ops->close(res->source);
	res->source = NULL;
	res->length = 0;
	if (page == NULL)
		return;
	n = str_from(page).n;
	res->source = source_from_memory(&r->arena, page, n);
	if (res->source == NULL)
		return;
	res->type = "text/html; charset=utf-8";
	res->length = (int64_t)n;
}
