/*
 * fuzz: the chunked coding. However the bytes come, the same body comes out,
 * and it ends, or is refused, at the same byte.
 */
#include "t/fuzz/fuzz.h"
#include "worker/http/chunk.h"

struct outcome {
	enum chunk_result result;
	size_t used;
	char body[FUZZ_MAX];
	size_t n;
};

/* Feeds one piece, to its end or the body's. */
static void
feed(struct chunk_decoder *d, const char *p, size_t n, struct outcome *o)
{
	const char *edge = edge_put(p, n), *data;
	size_t off = 0, used, data_n;

	o->result = CHUNK_MORE;
	while (off < n) {
		o->result = chunk_decode(d, edge + off, n - off, &used, &data,
		    &data_n);
		must(used <= n - off);
		off += used;
		o->used += used;
		if (o->result != CHUNK_DATA)
			break;
		must(used > 0 && data_n > 0 && fuzz_within((struct str){ data,
		    data_n }, edge, off));
		must(o->n + data_n <= FUZZ_MAX);
		memcpy(o->body + o->n, data, data_n);
		o->n += data_n;
		o->result = CHUNK_MORE;
	}
	must(o->result != CHUNK_MORE || off == n);
}

/* END and BAD stay what they are, and take nothing more. */
static void
check_final(struct chunk_decoder *d, enum chunk_result result)
{
	static const char more[] = "5\r\nhello\r\n0\r\n\r\n";
	size_t used = 1, data_n;
	const char *data;

	if (result == CHUNK_MORE)
		return;
	must(chunk_decode(d, edge_put(more, sizeof(more) - 1),
	    sizeof(more) - 1, &used, &data, &data_n) == result);
	must(used == 0);
}

static void
decode(const char *p, size_t n, unsigned how, struct outcome *o)
{
	struct chunk_decoder d = { 0 };
	size_t have = 0, step;

	o->result = CHUNK_MORE;
	o->used = o->n = 0;
	while (o->result == CHUNK_MORE && have < n) {
		step = how < FUZZ_STEPS ? fuzz_step(how, p, have) : n;
		step = step < n - have ? step : n - have;
		feed(&d, p + have, step, o);
		have += step;
	}
	check_final(&d, o->result);
}

/* What came out, coded again, comes out again. */
static void
check_again(const struct outcome *whole)
{
	static struct outcome again;
	static char text[FUZZ_MAX + 32];
	int n = snprintf(text, sizeof(text), "%zx\r\n", whole->n);

	if (whole->result != CHUNK_END || whole->n == 0)
		return;
	memcpy(text + n, whole->body, whole->n);
	memcpy(text + n + whole->n, "\r\n0\r\n\r\n", 7);
	decode(text, (size_t)n + whole->n + 7, FUZZ_STEPS, &again);
	must(again.result == CHUNK_END && again.n == whole->n &&
	    memcmp(again.body, whole->body, again.n) == 0);
}

void
fuzz(const char *p, size_t n)
{
	static struct outcome whole, slow;

	decode(p, n, FUZZ_STEPS, &whole);
	must(whole.result == CHUNK_MORE || whole.result == CHUNK_END ||
	    whole.result == CHUNK_BAD);
	if (whole.result == CHUNK_END)
		must(whole.used >= 5 && whole.n <= whole.used - 5);
	for (unsigned how = 0; how < FUZZ_STEPS; how++) {
		decode(p, n, how, &slow);
		must(slow.result == whole.result && slow.used == whole.used);
		must(slow.n == whole.n &&
		    memcmp(slow.body, whole.body, slow.n) == 0);
	}
	check_again(&whole);
}
