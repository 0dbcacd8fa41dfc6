/* Looks into /proc for the children of this process. */
#include "common/proc.h"

#include <sys/prctl.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

/* pid, name of at most 64 bytes in parentheses, state, four numbers. */
#define STAT_HEAD	256

struct stat_line {
	char state;
	pid_t parent;
	pid_t session;
};

static int
take_word(struct str *s, struct str *word)
{
	const char *space = memchr(s->p, ' ', s->n);

	if (space == NULL)
		return -1;
	*word = (struct str){ s->p, (size_t)(space - s->p) };
	s->n -= word->n + 1;
	s->p = space + 1;
	return 0;
}

static int
take_number(struct str *s, pid_t *out)
{
	struct str word;
	uint64_t v;

	if (take_word(s, &word) == -1 || str_u64(word, INT32_MAX, &v) == -1)
		return -1;
	*out = (pid_t)v;
	return 0;
}

/* A process gives itself its name, parentheses and all: only the last one
 * ends it. */
static int
parse_stat(struct str line, struct stat_line *out)
{
	const char *end = memrchr(line.p, ')', line.n);
	struct str rest, word;
	pid_t group;

	if (end == NULL || line.n - (size_t)(end - line.p) < 2)
		return -1;
	rest = (struct str){ end + 2, line.n - (size_t)(end + 2 - line.p) };
	if (take_word(&rest, &word) == -1 || word.n != 1)
		return -1;
	out->state = word.p[0];
	if (take_number(&rest, &out->parent) == -1 ||
	    take_number(&rest, &group) == -1)
		return -1;
	return take_number(&rest, &out->session);
}

static int
read_stat(int proc, const char *pid, struct stat_line *out)
{
	char path[32], line[STAT_HEAD];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%.16s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, line, sizeof(line));
	(void)close(fd);
	if (n <= 0)
		return -1;
	return parse_stat((struct str){ line, (size_t)n }, out);
}

int
proc_children(proc_fn *fn, void *arg)
{
	struct dirent *entry;
	struct stat_line line;
	uint64_t pid;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return -1;
	while ((entry = readdir(proc)) != NULL) {
		if (str_u64(str_from(entry->d_name), INT32_MAX, &pid) == -1)
			continue;
		/* Gone meanwhile: that is no failure. */
		if (read_stat(dirfd(proc), entry->d_name, &line) == -1)
			continue;
		if (line.parent == getpid() && line.state != 'Z' &&
		    line.state != 'X')
			fn((pid_t)pid, line.session, arg);
	}
	(void)closedir(proc);
	return 0;
}

void
proc_become_subreaper(void)
{
	/* Without it (no Linux), orphans go to init as they always did. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}
