/* basic: credentials, well formed or not at all. */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "t/unit/edge.h"
#include "t/unit/tap.h"
#include "worker/http/basic.h"

static void
is(const char *value, const char *user, const char *password)
{
	struct basic b;
	char *copy = edge_put(value, strlen(value));
	bool good = basic_parse((struct str){ copy, strlen(value) }, &b);

	ok(good && strcmp(b.user, user) == 0 &&
	    strcmp(b.password, password) == 0, "%s", value);
}

static void
is_none(const char *value)
{
	struct basic b;
	char *copy = edge_put(value, strlen(value));

	ok(!basic_parse((struct str){ copy, strlen(value) }, &b), "none: %s",
	    value);
}

/* What OpenSSL encodes is decoded, at every length; or refused as too long. */
static void
test_lengths(void)
{
	static char plain[600], value[1000];
	struct basic b;
	size_t n, good = 0, refused = 0;

	for (n = 1; n < sizeof(plain); n++) {
		memset(plain, 'x', n);
		plain[n / 2] = ':';
		memcpy(value, "Basic ", 6);
		(void)EVP_EncodeBlock((unsigned char *)value + 6,
		    (unsigned char *)plain, (int)n);
		if (basic_parse(str_from(value), &b))
			good += strlen(b.user) == n / 2 &&
			    strlen(b.password) == n - n / 2 - 1;
		else
			refused++;
	}
	ok(good >= 510 && good <= BASIC_MAX && good + refused == 599,
	    "%zu lengths, %zu too long", good, refused);
}

int
main(void)
{
	is("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
	is("basic  dGVzdDoxMjPCow==", "test", "123\xc2\xa3");
	is("BASIC YTo=", "a", "");
	is("Basic OmI=", "", "b");
	is("Basic YTpiOmM=", "a", "b:c");
	is_none("");
	is_none("Basic");
	is_none("Basic ");
	is_none("Basic QWxhZGRpbg==");			/* no colon */
	is_none("Basic YTo");				/* no padding */
	is_none("Basic YTp=");				/* stray bits */
	is_none("Basic YTpiOmM==");
	is_none("Basic =Y==");
	is_none("Basic Y===");
	is_none("Basic YTo=YTo=");
	is_none("Basic YT o=");
	is_none("Basic YTo-");
	is_none("Basic YToA");				/* a NUL */
	is_none("Basic YToK");				/* a newline */
	is_none("Bearer YTo=");
	is_none("Basicx YTo=");
	test_lengths();
	return done_testing();
}
