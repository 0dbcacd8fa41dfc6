/*
 * One line of a file of users, made anew.
 */
#include "master/passwd.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <readpassphrase.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/buf.h"
#include "common/htpasswd.h"
#include "master/path.h"

#define NEW_MODE	0640

/* The file while it is replaced. */
struct replacing {
	char *path;			/* owned; no link */
	char *folder;			/* owned */
	char *temporary;		/* owned; the new file, NULL = none */
	int lock;			/* owned; the folder, -1 = not open */
	bool is_new;			/* there was no file */
	bool known;			/* there was such a user */
	struct stat before;
	struct buf old;			/* owned */
};

static int
complain(const char *what)
{
	(void)fprintf(stderr, "pyked: %s: %s\n", what, strerror(errno));
	return -1;
}

/* --- the password --- */

static int
refuse(const char *why)
{
	(void)fprintf(stderr, "pyked: %s\n", why);
	return -1;
}

/* What a browser could not send is no password. */
static int
check_password(const char *password)
{
	const char *p;

	for (p = password; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return refuse("there is a control character in the "
			    "password");
	return p > password ? 0 : refuse("the password is empty");
}

/* The first line of a pipe. */
static int
read_line(char *password, size_t size)
{
	size_t n = 0;
	ssize_t got;

	/* A byte at a time: what follows the line is somebody else's. */
	while (n < size) {
		got = read(STDIN_FILENO, password + n, 1);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return complain("cannot read the password");
		if (got == 0 || password[n] == '\n')
			break;
		n++;
	}
	if (n == size)
		return refuse("the password is longer than 255 bytes");
	if (n > 0 && password[n - 1] == '\r')
		n--;
	password[n] = '\0';
	return 0;
}

static int
ask_terminal(const char *prompt, char *password, size_t size)
{
	if (readpassphrase(prompt, password, size, RPP_REQUIRE_TTY) == NULL)
		return complain("cannot read the password");
	/* It cuts what is too long without a word. */
	return strlen(password) + 1 < size ? 0 :
	    refuse("the password is longer than 255 bytes");
}

static int
ask(char *password, size_t size)
{
	char again[HTPASSWD_WORD + 2];
	int rc = 0;

	if (!isatty(STDIN_FILENO))
		return read_line(password, size - 1);
	if (ask_terminal("New password: ", password, size) == -1 ||
	    ask_terminal("The same again: ", again, sizeof(again)) == -1)
		rc = -1;
	else if (strcmp(password, again) != 0)
		rc = refuse("these are two different ones; nothing was "
		    "changed");
	OPENSSL_cleanse(again, sizeof(again));
	return rc;
}

/* yescrypt where crypt(3) has it, else bcrypt; NULL with errno. */
static const char *
hash_password(const char *password, struct crypt_data *data)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) ==
	    NULL && crypt_gensalt_rn("$2b$", 10, NULL, 0, setting,
	    sizeof(setting)) == NULL)
		return NULL;
	hash = crypt_r(password, setting, data);
	return hash == NULL || hash[0] == '*' ? NULL : hash;
}

/* --- the file --- */

/* Whoever else changes a file of this folder waits. */
static int
lock_folder(struct replacing *r)
{
	r->lock = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->lock == -1)
		return complain(r->folder);
	while (flock(r->lock, LOCK_EX) == -1)
		if (errno != EINTR)
			return complain(r->folder);
	return 0;
}

/* A link is followed once, so that it stays and its file is replaced. */
static int
find_file(struct replacing *r, const char *file)
{
	char *slash;

	r->path = realpath(file, NULL);
	if (r->path == NULL && errno == ENOENT)
		r->path = path_absolute(file);
	if (r->path == NULL)
		return complain(file);
	slash = strrchr(r->path, '/');
	if (slash == NULL || slash[1] == '\0') {
		errno = EISDIR;
		return complain(file);
	}
	r->folder = slash == r->path ? strdup("/") :
	    strndup(r->path, (size_t)(slash - r->path));
	return r->folder == NULL ? complain(file) : lock_folder(r);
}

static int
read_whole(struct replacing *r, int fd)
{
	ssize_t n;

	do {
		if (buf_reserve(&r->old, 16384) == -1)
			return -1;
		n = read(fd, buf_tail(&r->old), buf_room(&r->old));
		if (n > 0)
			buf_added(&r->old, (size_t)n);
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == 0 && fstat(fd, &r->before) == 0 ? 0 : -1;
}

static int
read_old(struct replacing *r)
{
	int fd = htpasswd_open(r->path), rc;

	if (fd == -1 && errno == ENOENT) {
		r->is_new = true;
		return 0;
	}
	if (fd == -1)
		return complain(r->path);
	rc = read_whole(r, fd);
	if (rc == -1)
		(void)complain(r->path);
	(void)close(fd);
	return rc;
}

static bool
is_of(struct str line, struct str user)
{
	return line.n > user.n && line.p[user.n] == ':' &&
	    memcmp(line.p, user.p, user.n) == 0;
}

/* All lines as they are, but the user's: one, in the place of its first. */
static int
write_lines(struct replacing *r, struct buf *out, struct str user,
    const char *hash)
{
	struct str rest = buf_str(&r->old), line;
	const char *newline;
	int bad = 0;

	while (rest.n > 0) {
		newline = memchr(rest.p, '\n', rest.n);
		line = (struct str){ rest.p, newline == NULL ? rest.n :
		    (size_t)(newline + 1 - rest.p) };
		rest = (struct str){ rest.p + line.n, rest.n - line.n };
		if (!is_of(line, user))
			bad |= buf_put_str(out, line);
		else if (!r->known)
			bad |= buf_printf(out, "%s:%s\n", user.p, hash);
		r->known |= is_of(line, user);
		if (newline == NULL && !is_of(line, user))
			bad |= buf_puts(out, "\n");
	}
	if (!r->known)
		bad |= buf_printf(out, "%s:%s\n", user.p, hash);
	return bad == 0 ? 0 : -1;
}

static int
write_all(int fd, struct buf *text)
{
	ssize_t n;

	while (buf_len(text) > 0) {
		n = write(fd, buf_head(text), buf_len(text));
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0)
			buf_take(text, (size_t)n);
	}
	return fsync(fd);
}

/* The old one's owner and mode; the mode last, for a change of owner may take
 * bits away. */
static int
keep_rights(const struct replacing *r, int fd)
{
	if (r->is_new)
		return fchmod(fd, NEW_MODE);
	if ((r->before.st_uid != geteuid() || r->before.st_gid != getegid()) &&
	    fchown(fd, r->before.st_uid, r->before.st_gid) == -1)
		return -1;
	return fchmod(fd, r->before.st_mode & 07777);
}

static int
put_in_place(struct replacing *r, struct buf *text)
{
	int fd, rc = -1;

	if (asprintf(&r->temporary, "%s.XXXXXX", r->path) == -1) {
		r->temporary = NULL;
		return -1;
	}
	fd = mkostemp(r->temporary, O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (keep_rights(r, fd) == 0 && write_all(fd, text) == 0 &&
	    rename(r->temporary, r->path) == 0)
		rc = 0;
	if (rc == -1) {
		int error = errno;

		(void)unlink(r->temporary);
		errno = error;
	}
	(void)close(fd);
	return rc == -1 ? -1 : fsync(r->lock);
}

static int
replace(const char *file, const char *user, const char *hash)
{
	struct replacing r = { .lock = -1 };
	struct buf text = { 0 };
	int rc = -1;

	if (find_file(&r, file) == -1 || read_old(&r) == -1) {
		;
	} else if (write_lines(&r, &text, str_from(user), hash) == -1 ||
	    put_in_place(&r, &text) == -1) {
		(void)complain(r.path);
	} else {
		(void)printf("%s: %s %s\n", file, user, r.known ?
		    "has a new password" : "was added");
		rc = 0;
	}
	if (r.lock != -1)
		(void)close(r.lock);
	free(r.path);
	free(r.folder);
	free(r.temporary);
	buf_free(&r.old);
	buf_free(&text);
	return rc;
}

int
passwd_run(const char *file, const char *user)
{
	static struct crypt_data data;	/* 32 KiB: not on the stack */
	char password[HTPASSWD_WORD + 2];
	const char *hash;
	int rc = -1;

	if (!htpasswd_is_user(str_from(user))) {
		(void)refuse("a user has a name of 1 to 255 bytes, without "
		    "\":\", control characters or \"#\" at its beginning");
		return EXIT_FAILURE;
	}
	if (ask(password, sizeof(password)) == 0 &&
	    check_password(password) == 0) {
		hash = hash_password(password, &data);
		rc = hash == NULL ? complain("crypt") :
		    replace(file, user, hash);
	}
	OPENSSL_cleanse(password, sizeof(password));
	OPENSSL_cleanse(&data, sizeof(data));
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
