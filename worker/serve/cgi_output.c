/*
 * cgi_output: the header block at the start of a script's output (RFC 3875
 * section 6), from bytes to slices.
 *
 * Called by cgi_reply with what came through the pipe so far.
 */
#include "worker/serve/cgi_output.h"

#include <string.h>

#include "worker/http/parse.h"

/*
 * What a script has no say in: how the message is framed and the connection
 * managed (RFC 9112; a script that could say it could split a response), and
 * the two fields that every response of ours has once already.
 */
static const char *const ours[] = {
	"Connection", "Date", "Keep-Alive", "Server", "TE", "Trailer",
	"Transfer-Encoding", "Upgrade"
};

static bool
is_ours(struct str name)
{
	size_t i;

	if (name.n >= 6 &&
	    str_eqcase((struct str){ name.p, 6 }, STR("Proxy-")))
		return true;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (str_eqcase(name, str_from(ours[i])))
			return true;
	}
	return false;
}

/*
 * The length of the block when its blank line is within n, else 0 and *scanned
 * is where the last, unfinished line starts.
 */
static size_t
find_end(const char *p, size_t n, size_t *scanned)
{
	const char *nl;
	size_t line;

	while ((nl = memchr(p + *scanned, '\n', n - *scanned)) != NULL) {
		line = (size_t)(nl - p) - *scanned;
		if (line == 0 || (line == 1 && nl[-1] == '\r'))
			return (size_t)(nl - p) + 1;
		*scanned = (size_t)(nl - p) + 1;
	}
	return 0;
}

/* RFC 3875 6.3.3: three digits, then the end or a space and a reason. */
static const char *
take_status(struct str value, struct cgi_output *out)
{
	uint64_t status;

	if (out->status != 0)
		return "two Status fields";
	if (value.n < 3 || (value.n > 3 && value.p[3] != ' ') ||
	    str_u64((struct str){ value.p, 3 }, 599, &status) == -1 ||
	    status < 200)
		return "a Status that is not 200 to 599";
	out->status = (int)status;
	return NULL;
}

static const char *
take_length(struct str value, struct cgi_output *out)
{
	if (out->has_length)
		return "two Content-Length fields";
	if (str_u64(value, INT64_MAX, &out->length) == -1)
		return "a Content-Length that is no number";
	out->has_length = true;
	return NULL;
}

/* For the fields that are one non-empty text. */
static const char *
take_once(struct str value, struct str *slot, const char *why)
{
	if (slot->n > 0 || value.n == 0)
		return why;
	*slot = value;
	return NULL;
}

/* RFC 3875 6.3: none of its own fields may come twice. */
static const char *
take_field(struct str name, struct str value, struct cgi_output *out)
{
	if (str_eqcase(name, STR("Status")))
		return take_status(value, out);
	if (str_eqcase(name, STR("Content-Length")))
		return take_length(value, out);
	if (str_eqcase(name, STR("Content-Type")))
		return take_once(value, &out->type,
		    "an empty or a second Content-Type");
	if (str_eqcase(name, STR("Location")))
		return take_once(value, &out->location,
		    "an empty or a second Location");
	if (is_ours(name))
		return NULL;
	out->field[out->nfields].name = name;
	out->field[out->nfields].value = value;
	out->nfields++;
	return NULL;
}

/* line is without its end. NULL, or what is wrong with it. */
static const char *
split(struct str line, struct str *name, struct str *value)
{
	const char *colon;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return "a folded line";
	colon = memchr(line.p, ':', line.n);
	if (colon == NULL)
		return "a line without a colon";
	*name = (struct str){ line.p, (size_t)(colon - line.p) };
	*value = str_trim((struct str){ colon + 1, line.n - name->n - 1 });
	if (!http_is_token(*name))
		return "a field name that is none";
	/* Finds CR, NUL and every other control byte. */
	if (!http_is_field_value(*value))
		return "a control byte in a value";
	return NULL;
}

static const char *
take_line(struct str line, struct cgi_output *out)
{
	struct str name, value;
	const char *why = split(line, &name, &value);

	return why != NULL ? why : take_field(name, value, out);
}

/* The first line of a block, which it has, without its newline. */
static struct str
next_line(struct str *block)
{
	const char *nl = memchr(block->p, '\n', block->n);
	struct str line = { block->p, (size_t)(nl - block->p) };

	block->p = nl + 1;
	block->n -= line.n + 1;
	return line;
}

/* The block ends with its blank line. */
static const char *
take_block(struct str block, struct cgi_output *out)
{
	struct str line;
	const char *why;
	size_t lines;

	for (lines = 0;; lines++) {
		line = next_line(&block);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			break;
		if (lines == CGI_FIELDS_MAX)
			return "more than 100 fields";
		if ((why = take_line(line, out)) != NULL) {
			out->wrong = line;
			return why;
		}
	}
	/* RFC 3875 6.2: every kind of answer has one of these. */
	if (out->type.n == 0 && out->location.n == 0 && out->status == 0)
		return "none of Content-Type, Location, Status";
	return NULL;
}

/* COMPLETE: *out is empty but for size. */
static enum cgi_output_result
find_block(struct str bytes, size_t *scanned, struct cgi_output *out,
    const char **why)
{
	size_t size;

	out->wrong = STR("");
	size = find_end(bytes.p, bytes.n, scanned);
	if (size > CGI_HEAD_MAX || (size == 0 && bytes.n >= CGI_HEAD_MAX)) {
		*why = "longer than 16384 bytes";
		return CGI_OUTPUT_BAD;
	}
	if (size == 0)
		return CGI_OUTPUT_PARTIAL;
	/* The table of fields is filled as it goes; clearing it is not worth
	 * its 3 kB. */
	memset(out, 0, offsetof(struct cgi_output, field));
	out->nfields = 0;
	out->size = size;
	return CGI_OUTPUT_COMPLETE;
}

enum cgi_output_result
cgi_output_parse(const char *p, size_t n, size_t *scanned,
    struct cgi_output *out, const char **why)
{
	enum cgi_output_result result;

	result = find_block((struct str){ p, n }, scanned, out, why);
	if (result != CGI_OUTPUT_COMPLETE)
		return result;
	*why = take_block((struct str){ p, out->size }, out);
	return *why == NULL ? CGI_OUTPUT_COMPLETE : CGI_OUTPUT_BAD;
}

/* --- a whole head --- */

/* Takes off what must be at the end of a line, for nobody else does. */
static const char *
take_end(struct str *line)
{
	if (line->n == 0 || line->p[line->n - 1] != '\r')
		return "a line of an nph- script that does not end in CR LF";
	line->n--;
	return NULL;
}

/* RFC 9112 section 4: "HTTP/1.1 200 " and any reason. */
static const char *
take_status_line(struct str line, struct cgi_output *out)
{
	uint64_t status;

	if (line.n < 13 || line.p[8] != ' ' || line.p[12] != ' ' ||
	    (!str_starts(line, STR("HTTP/1.1")) &&
	    !str_starts(line, STR("HTTP/1.0"))) ||
	    str_u64((struct str){ line.p + 9, 3 }, 599, &status) == -1 ||
	    status < 200 || !http_is_field_value(line))
		return "no status line of HTTP/1.x, of 200 to 599";
	out->status = (int)status;
	return NULL;
}

/* Fields up to the blank line: what matters is where the body ends. */
static const char *
take_whole_fields(struct str block, struct cgi_output *out)
{
	struct str line, name, value;
	const char *why = NULL;
	bool coded = false;
	size_t lines;

	for (lines = 0; why == NULL; lines++) {
		line = next_line(&block);
		if ((why = take_end(&line)) != NULL || line.n == 0)
			break;
		if (lines == CGI_FIELDS_MAX)
			return "more than 100 fields";
		why = split(line, &name, &value);
		if (why != NULL)
			break;
		if (str_eqcase(name, STR("Content-Length")))
			why = take_length(value, out);
		coded |= str_eqcase(name, STR("Transfer-Encoding"));
	}
	if (why == NULL && coded && out->has_length)
		return "both Transfer-Encoding and Content-Length";
	return why;
}

enum cgi_output_result
cgi_output_parse_whole(const char *p, size_t n, size_t *scanned,
    struct cgi_output *out, const char **why)
{
	enum cgi_output_result result;
	struct str block, line;

	result = find_block((struct str){ p, n }, scanned, out, why);
	if (result != CGI_OUTPUT_COMPLETE)
		return result;
	block = (struct str){ p, out->size };
	line = next_line(&block);
	*why = take_end(&line);
	if (*why == NULL)
		*why = take_status_line(line, out);
	if (*why == NULL)
		*why = take_whole_fields(block, out);
	return *why == NULL ? CGI_OUTPUT_COMPLETE : CGI_OUTPUT_BAD;
}
