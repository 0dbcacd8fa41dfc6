/*
 * tap: the few lines a C unit test needs to speak TAP.
 *
 * Every failing check prints its source line; done_testing ends the run.
 */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_count, tap_failed;

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

__attribute__((format(printf, 5, 6), unused)) static bool
tap_ok(bool good, const char *file, int line, const char *cond,
    const char *fmt, ...)
{
	__builtin_va_list ap;

	tap_count++;
	printf("%sok %u - ", good ? "" : "not ", tap_count);
	__builtin_va_start(ap, fmt);
	vprintf(fmt, ap);
	__builtin_va_end(ap);
	printf("\n");
	if (!good) {
		tap_failed++;
		printf("# %s:%d: %s\n", file, line, cond);
	}
	fflush(stdout);
	return good;
}

__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed != 0;
}

#endif
