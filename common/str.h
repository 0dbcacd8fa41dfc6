/*
 * str: borrowed slices of bytes, and the one way numbers are read from text.
 *
 * A struct str never owns what it points to and is not NUL-terminated.
 */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;		/* borrowed; may be NULL when n is 0 */
	size_t n;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

struct str	str_from(const char *cstring);
bool		str_eq(struct str a, struct str b);
/* Compares without regard to ASCII case. */
bool		str_eqcase(struct str a, struct str b);
bool		str_ends(struct str s, struct str tail);
bool		str_starts(struct str s, struct str head);
/* Without spaces and tabs at both ends (the OWS of RFC 9110 5.6.3). */
struct str	str_trim(struct str s);

/*
 * Takes the next element of a comma-separated list (RFC 9110 5.6.1) from *list,
 * trimmed; empty elements are skipped. Quoted strings are not looked into.
 * Returns false at the end.
 */
bool		str_next_element(struct str *list, struct str *element);

/*
 * The only readers of numbers in the project: digits alone, at least one, no
 * sign, no space. Return 0, or -1 when s is anything else or above max.
 */
int		str_u64(struct str s, uint64_t max, uint64_t *out);
int		str_hex(struct str s, uint64_t max, uint64_t *out);

/* Writes v in decimal at p (room for 20 bytes); returns the bytes written. */
size_t		str_put_u64(char *p, uint64_t v);

/* ASCII only: the locale has no say in a protocol. */
char		ascii_lower(char c);
bool		ascii_digit(char c);
/* The value of a hexadecimal digit, or -1. */
int		ascii_hex(char c);

#endif
