/* auth_cache: what was right is known for a minute, and nothing else is. */
#include <string.h>

#include "t/unit/tap.h"
#include "worker/serve/auth_cache.h"

static struct mono
at(int64_t ms)
{
	return (struct mono){ 1000000 + ms * 1000 };
}

static bool
has(uint32_t file, const char *user, const char *password, int64_t ms)
{
	struct auth_mac mac = auth_cache_mac(file, user, password);

	return auth_cache_has(&mac, at(ms));
}

static void
put(uint32_t file, const char *user, const char *password, int64_t ms)
{
	struct auth_mac mac = auth_cache_mac(file, user, password);

	auth_cache_put(&mac, file, at(ms));
}

int
main(void)
{
	struct auth_mac before, after;
	char user[16];
	unsigned i, known = 0;

	ok(auth_cache_open() == 0, "opened");
	ok(!has(0, "ann", "secret", 0) && !has(0, "", "", 0), "empty");
	put(0, "ann", "secret", 0);
	ok(has(0, "ann", "secret", 0) && has(0, "ann", "secret", 59999),
	    "known for a minute");
	ok(!has(0, "ann", "secret", 60000), "and no longer");
	ok(!has(0, "ann", "Secret", 0) && !has(0, "Ann", "secret", 0) &&
	    !has(0, "anns", "ecret", 0) && !has(0, "an", "nsecret", 0) &&
	    !has(0, "ann", "secre", 0), "nothing near it is");
	ok(!has(1, "ann", "secret", 0), "nor for another file");
	put(0, "ann", "secret", 30000);
	ok(has(0, "ann", "secret", 80000), "a check prolongs it");

	put(1, "bob", "secret", 0);
	auth_cache_forget(0);
	ok(!has(0, "ann", "secret", 30000) && has(1, "bob", "secret", 0),
	    "a file that has changed");
	auth_cache_clear();
	ok(!has(1, "bob", "secret", 0), "all of them");

	for (i = 0; i < 100000; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i);
		put(0, user, "secret", i / 10);
	}
	ok(has(0, user, "secret", 10000), "the latest is known");
	for (i = 0; i < 100000; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i);
		known += has(0, user, "secret", 10000);
	}
	ok(known > 900 && known <= 1024, "of many, %u are", known);

	before = auth_cache_mac(0, "ann", "secret");
	ok(auth_cache_open() == 0, "another process");
	after = auth_cache_mac(0, "ann", "secret");
	ok(!auth_mac_eq(&before, &after), "has other hashes");
	return done_testing();
}
