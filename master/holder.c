/*
 * From an address to its socket in /proc/net, from the socket to the process
 * that has it open.
 */
#include "master/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net.h"
#include "common/str.h"

/* The columns of /proc/net/tcp, from 0. */
enum {
	COLUMN_LOCAL = 1,
	COLUMN_STATE = 3,
	COLUMN_INODE = 9
};

#define STATE_LISTEN	STR("0A")

/* --- from an address to a socket --- */

static struct str
column(const char *line, int n)
{
	const char *p = line + strspn(line, " ");

	while (n-- > 0) {
		p += strcspn(p, " \n");
		p += strspn(p, " ");
	}
	return (struct str){ p, strcspn(p, " \n") };
}

/* "0100007F:1F90", or four such words for IPv6: each as the machine holds it
 * in memory. */
static int
parse_address(struct str text, struct net_addr *out)
{
	const char *colon = text.n == 0 ? NULL : memchr(text.p, ':', text.n);
	size_t n = colon == NULL ? 0 : (size_t)(colon - text.p), i;
	uint32_t words[4] = { 0 };
	uint64_t v;

	if (n != 8 && n != 32)
		return -1;
	for (i = 0; i < n / 8; i++) {
		if (str_hex((struct str){ text.p + 8 * i, 8 }, UINT32_MAX,
		    &v) == -1)
			return -1;
		words[i] = (uint32_t)v;
	}
	if (str_hex((struct str){ colon + 1, text.n - n - 1 }, UINT16_MAX,
	    &v) == -1)
		return -1;
	*out = (struct net_addr){ .family = n == 8 ? AF_INET : AF_INET6 };
	if (n == 8)
		memcpy(&out->in4.sin_addr, words, sizeof(out->in4.sin_addr));
	else
		memcpy(&out->in6.sin6_addr, words,
		    sizeof(out->in6.sin6_addr));
	/* At the same place in both. */
	out->in4.sin_port = htons((uint16_t)v);
	return 0;
}

static bool
same_host(const struct net_addr *a, const struct net_addr *b)
{
	char one[NET_ADDR_TEXT], other[NET_ADDR_TEXT];

	(void)net_addr_host(a, one);
	(void)net_addr_host(b, other);
	return strcmp(one, other) == 0;
}

/* Is a socket that listens at there in the way of one at here? Of the other
 * family only one on every address may be, and a mapped one. */
static bool
is_in_the_way(const struct net_addr *there, const struct net_addr *here)
{
	if (net_addr_port(there) != net_addr_port(here))
		return false;
	if (same_host(there, here) || net_addr_is_any(there))
		return true;
	return there->family == here->family && net_addr_is_any(here);
}

/* The inode of the socket that line describes, or 0: another one. */
static uint64_t
take_socket(const char *line, const struct net_addr *addr)
{
	struct net_addr found;
	uint64_t inode;

	if (!str_eq(column(line, COLUMN_STATE), STATE_LISTEN) ||
	    parse_address(column(line, COLUMN_LOCAL), &found) == -1 ||
	    !is_in_the_way(&found, addr) ||
	    str_u64(column(line, COLUMN_INODE), UINT64_MAX, &inode) == -1)
		return 0;
	return inode;
}

static uint64_t
search_table(const char *table, const struct net_addr *addr)
{
	FILE *f = fopen(table, "re");
	uint64_t inode = 0;
	char *line = NULL;
	size_t size = 0;

	while (f != NULL && inode == 0 && getline(&line, &size, f) != -1)
		inode = take_socket(line, addr);
	free(line);
	if (f != NULL)
		(void)fclose(f);
	return inode;
}

static uint64_t
find_socket(const struct net_addr *addr)
{
	static const char *const tables[] = { "/proc/net/tcp",
	    "/proc/net/tcp6" };
	size_t own = addr->family == AF_INET6;
	uint64_t inode = search_table(tables[own], addr);

	return inode != 0 ? inode : search_table(tables[!own], addr);
}

/* --- from a socket to its process --- */

struct search {
	char link[48];			/* what its descriptor is a link to */
	struct proc_info found;		/* the oldest; pid 0 = none */
};

static bool
has_open(pid_t pid, const char *link)
{
	struct dirent *entry;
	char path[32], text[48];
	bool found = false;
	ssize_t n;
	DIR *fds;

	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	fds = opendir(path);
	if (fds == NULL)
		return false;
	while (!found && (entry = readdir(fds)) != NULL) {
		n = readlinkat(dirfd(fds), entry->d_name, text, sizeof(text));
		found = n > 0 && (size_t)n == strlen(link) &&
		    memcmp(text, link, (size_t)n) == 0;
	}
	(void)closedir(fds);
	return found;
}

/* Workers share the socket of their master, who is older. */
static void
try_process(const struct proc_info *info, void *arg)
{
	struct search *s = arg;

	if ((s->found.pid == 0 || info->start < s->found.start) &&
	    has_open(info->pid, s->link))
		s->found = *info;
}

struct holder
holder_find(const struct net_addr *addr)
{
	struct holder h = { .pid = 0 };
	uint64_t inode = find_socket(addr);
	struct search s = { .found.pid = 0 };

	if (inode == 0)
		return h;
	(void)snprintf(s.link, sizeof(s.link), "socket:[%llu]",
	    (unsigned long long)inode);
	if (proc_all(try_process, &s) == -1 || s.found.pid == 0)
		return h;
	h.pid = s.found.pid;
	proc_name(h.pid, h.name);
	return h;
}
