/* str, buf and arena: the ground everything stands on. */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/str.h"
#include "t/unit/tap.h"

static void
test_compare(void)
{
	ok(str_eq(STR("ab"), STR("ab")), "equal");
	ok(!str_eq(STR("ab"), STR("aB")), "case matters");
	ok(str_eqcase(STR("aB-9"), STR("Ab-9")), "case does not");
	ok(!str_eqcase(STR("a["), STR("a{")), "only letters have a case");
	ok(str_eq((struct str){ NULL, 0 }, STR("")), "empty without pointer");
	ok(str_ends(STR("x.php"), STR(".php")), "tail");
	ok(!str_ends(STR("php"), STR(".php")), "a longer tail");
	ok(str_starts(STR("/a/b"), STR("/a/")), "head");
	ok(!str_starts(STR("/a"), STR("/a/")), "a longer head");
	ok(str_eq(str_trim(STR(" \ta b\t ")), STR("a b")), "trimmed");
	ok(str_trim(STR(" \t ")).n == 0, "nothing but space");
}

static void
test_list(void)
{
	struct str list = STR(" a ,, b,c\t,"), e;

	ok(str_next_element(&list, &e) && str_eq(e, STR("a")), "first");
	ok(str_next_element(&list, &e) && str_eq(e, STR("b")), "second");
	ok(str_next_element(&list, &e) && str_eq(e, STR("c")), "third");
	ok(!str_next_element(&list, &e), "end");
}

/* As printf writes them. */
static bool
lengths_are_right(void)
{
	char digits[20], want[24];
	bool good = true;
	uint64_t v;
	size_t n;

	for (uint64_t power = 10; power < UINT64_MAX / 10; power *= 10) {
		for (int more = -1; more <= 1; more++) {
			v = power + (uint64_t)more;
			n = (size_t)snprintf(want, sizeof(want), "%" PRIu64,
			    v);
			good &= str_put_u64(digits, v) == n &&
			    memcmp(digits, want, n) == 0;
		}
	}
	return good;
}

static void
test_numbers(void)
{
	static const char *const bad[] = { "", "+1", "-1", " 1", "1 ", "0x1",
	    "1a", "18446744073709551616", "99999999999999999999" };
	uint64_t v = 7;
	char digits[20];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(str_u64(str_from(bad[i]), UINT64_MAX, &v) == -1 && v == 7,
		    "\"%s\" is no number", bad[i]);
	ok(str_u64(STR("18446744073709551615"), UINT64_MAX, &v) == 0 &&
	    v == UINT64_MAX, "the largest");
	ok(str_u64(STR("10"), 10, &v) == 0 && v == 10, "at the limit");
	ok(str_u64(STR("11"), 10, &v) == -1, "above it");
	ok(str_hex(STR("fFfF"), UINT64_MAX, &v) == 0 && v == 0xffff, "hex");
	ok(str_hex(STR("ffffffffffffffff"), UINT64_MAX, &v) == 0 &&
	    v == UINT64_MAX, "the largest in hex");
	ok(str_hex(STR("10000000000000000"), UINT64_MAX, &v) == -1,
	    "too long in hex");
	ok(str_hex(STR("g"), UINT64_MAX, &v) == -1, "no hex digit");
	ok(str_put_u64(digits, 0) == 1 && digits[0] == '0', "zero");
	ok(str_put_u64(digits, UINT64_MAX) == 20 &&
	    memcmp(digits, "18446744073709551615", 20) == 0, "20 digits");
	ok(lengths_are_right(), "shorter ones, around each power of ten");
}

static void
test_buf(void)
{
	struct buf b = { 0 };
	bool good = true;

	for (unsigned i = 0; i < 5000; i++)
		good &= buf_printf(&b, "%u,", i) == 0;
	ok(good && buf_len(&b) == 23890, "5000 numbers");
	buf_take(&b, 23885);
	ok(str_eq(buf_str(&b), STR("4999,")), "what is left");
	ok(buf_reserve(&b, b.cap - 5) == 0 && b.off == 0,
	    "moved to the front, not grown");
	ok(str_eq(buf_str(&b), STR("4999,")), "and still there");
	buf_take(&b, 5);
	ok(b.off == 0 && b.end == 0, "empty starts over");
	ok(buf_reserve(&b, SIZE_MAX / 2) == -1, "absurd sizes fail");
	ok(buf_put_u64(&b, 42) == 0 && buf_put_str(&b, STR("x")) == 0 &&
	    str_eq(buf_str(&b), STR("42x")), "appended");
	buf_free(&b);
	ok(buf_len(&b) == 0 && b.cap == 0, "freed");
}

static void
test_arena(void)
{
	_Alignas(16) char room[64];
	struct arena a = { 0 };
	bool aligned = true, zero = true;
	char *p;

	arena_init(&a, room, sizeof(room));
	p = arena_alloc(&a, 10);
	ok(p >= room && p < room + sizeof(room), "the lent room first");
	for (size_t n = 1; n < 3000; n += 7) {
		p = arena_alloc(&a, n);
		aligned &= (uintptr_t)p % 16 == 0;
		for (size_t i = 0; i < n; i++)
			zero &= p[i] == 0;
		memset(p, 0xff, n);
	}
	ok(aligned, "aligned");
	ok(zero, "zeroed");
	p = arena_alloc(&a, 100000);
	ok(p != NULL && p[99999] == 0, "a large one");
	ok(strcmp(arena_strdup(&a, STR("abc")), "abc") == 0, "copied");
	ok(strcmp(arena_printf(&a, "%d-%s", 5, "x"), "5-x") == 0, "printed");
	ok(arena_alloc(&a, SIZE_MAX) == NULL, "absurd sizes fail");
	arena_free(&a);
}

int
main(void)
{
	test_compare();
	test_list();
	test_numbers();
	test_buf();
	test_arena();
	return done_testing();
}
