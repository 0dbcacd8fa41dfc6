/*
 * fuzz: the header block of a script's output. Whole and in pieces the same is
 * found; what is passed on can neither frame nor split a response.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/parse.h"
#include "worker/serve/cgi_output.h"

typedef enum cgi_output_result parse_fn(const char *p, size_t n,
    size_t *scanned, struct cgi_output *out, const char **why);

static struct cgi_output out;

static enum cgi_output_result
parse_slowly(parse_fn *parse, const char *p, size_t n, unsigned how,
    const char **why)
{
	enum cgi_output_result result = CGI_OUTPUT_PARTIAL;
	size_t have = 0, scanned = 0;

	*why = NULL;
	while (result == CGI_OUTPUT_PARTIAL && have < n) {
		have += fuzz_step(how, p, have);
		have = have < n ? have : n;
		result = parse(edge_put(p, have), have, &scanned, &out, why);
	}
	return result;
}

static bool
frames(struct str name)
{
	static const char *const names[] = { "Status", "Content-Length",
	    "Content-Type", "Location", "Connection", "Date", "Keep-Alive",
	    "Server", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	    "Proxy-Connection" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eqcase(name, str_from(names[i])))
			return true;
	return false;
}

static void
check_value(struct str s, const char *p)
{
	must(fuzz_within(s, p, out.size));
	must(http_is_field_value(s) && str_eq(s, str_trim(s)));
}

static void
check_complete(const char *p, size_t n)
{
	must(out.size > 0 && out.size <= n && out.size <= CGI_HEAD_MAX &&
	    p[out.size - 1] == '\n');
	must(out.status == 0 || (out.status >= 200 && out.status <= 599));
	must(out.status != 0 || out.type.n > 0 || out.location.n > 0);
	must(!out.has_length || out.length <= INT64_MAX);
	must(out.nfields <= CGI_FIELDS_MAX);
	check_value(out.type, p);
	check_value(out.location, p);
	for (size_t i = 0; i < out.nfields; i++) {
		must(fuzz_within(out.field[i].name, p, out.size));
		must(http_is_token(out.field[i].name));
		must(!frames(out.field[i].name));
		check_value(out.field[i].value, p);
	}
}

/* A head that a script made whole: its lines are those of a response, and it
 * does not say twice where its body ends. */
static void
check_whole(const char *p, size_t n)
{
	struct str line;
	bool lone = false;

	must(out.size > 4 && out.size <= n && out.size <= CGI_HEAD_MAX);
	must(memcmp(p + out.size - 4, "\r\n\r\n", 4) == 0);
	must(memcmp(p, "HTTP/1.", 7) == 0);
	must(out.status >= 200 && out.status <= 599 &&
	    p[9] == '0' + out.status / 100);
	must(!out.has_length || out.length <= INT64_MAX);
	for (size_t i = 0; i < out.size; i++) {
		lone |= p[i] == '\n' && (i == 0 || p[i - 1] != '\r');
		lone |= p[i] == '\r' && p[i + 1] != '\n';
		line = (struct str){ p + i, out.size - i };
		if (out.has_length && p[i] == '\n' && line.n > 18)
			must(!str_eqcase((struct str){ p + i + 1, 18 },
			    STR("Transfer-Encoding:")));
	}
	must(!lone);
}

static void
try(parse_fn *parse, const char *p, size_t n)
{
	const char *why = NULL, *why_slow, *edge = edge_put(p, n);
	enum cgi_output_result whole, slow;
	size_t scanned = 0, size;

	whole = parse(edge, n, &scanned, &out, &why);
	must((whole == CGI_OUTPUT_BAD) == (why != NULL));
	if (whole == CGI_OUTPUT_COMPLETE && parse == cgi_output_parse)
		check_complete(edge, n);
	else if (whole == CGI_OUTPUT_COMPLETE)
		check_whole(edge, n);
	size = out.size;
	for (unsigned how = 0; how < FUZZ_STEPS; how++) {
		slow = parse_slowly(parse, p, n, how, &why_slow);
		must(slow == whole && why_slow == why);
		must(slow != CGI_OUTPUT_COMPLETE || out.size == size);
	}
}

void
fuzz(const char *p, size_t n)
{
	try(cgi_output_parse, p, n);
	try(cgi_output_parse_whole, p, n);
}
