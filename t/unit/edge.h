/*
 * edge: input that ends where memory ends, so that a parser that reads one
 * byte too far crashes.
 */
#ifndef T_UNIT_EDGE_H
#define T_UNIT_EDGE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EDGE_ROOM	(1 << 17)

/* Copies n bytes to the end of the room; valid until the next call. */
__attribute__((unused)) static char *
edge_put(const void *p, size_t n)
{
	static char *end;
	long page = sysconf(_SC_PAGESIZE);

	if (end == NULL) {
		char *room = mmap(NULL, EDGE_ROOM + (size_t)page,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (room == MAP_FAILED ||
		    mprotect(room + EDGE_ROOM, (size_t)page, PROT_NONE) != 0) {
			perror("edge");
			exit(1);
		}
		end = room + EDGE_ROOM;
	}
	if (n > 0)
		memcpy(end - n, p, n);
	return end - n;
}

/* The same numbers in every run, from any seed but 0. */
__attribute__((unused)) static uint32_t
edge_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Changes a few bytes of the n at p, mostly to ones that mean something. */
__attribute__((unused)) static size_t
edge_mutate(uint32_t *seed, char *p, size_t n)
{
	static const char bytes[] = "\r\n \t:;,=\"\\/.%?*[]@#HTTP/1.0f\0\x7f"
	    "\x80";
	unsigned rounds = 1 + edge_random(seed) % 4;

	while (rounds-- > 0 && n > 1) {
		size_t at = edge_random(seed) % n;

		switch (edge_random(seed) % 4) {
		case 0:
			memmove(p + at, p + at + 1, n - at - 1);
			n--;
			break;
		case 1:
			p[at] = (char)edge_random(seed);
			break;
		case 2:
			n = at + 1;
			break;
		default:
			p[at] = bytes[edge_random(seed) % (sizeof(bytes) - 1)];
		}
	}
	return n;
}

#endif
