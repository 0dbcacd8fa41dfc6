/*
 * Opening files of certificates and keys.
 */
#include "common/tlsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include "common/conf.h"
#include "common/log.h"

void
tlsfile_wrong(struct conf_errors *errors, const struct conf_pos *pos,
    const char *hint, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ERR_clear_error();
	conf_error(errors, pos, CONF_WORD, hint, "%s", text);
}

const char *
tlsfile_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text == NULL ? "OpenSSL does not say why" : text;
}

static void
warn_mode(const struct tlsfile *f, const struct stat *st)
{
	uid_t me = geteuid();

	if (f->secret && (st->st_mode & (S_IRGRP | S_IROTH)) != 0 &&
	    (me == 0 || st->st_uid == me))
		log_warn("others may read the %s %s: mend it with chmod 600",
		    f->what, f->path);
}

int
tlsfile_open(const struct tlsfile *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int error = errno;
	struct stat st;

	if (fd == -1) {
		tlsfile_wrong(f->errors, f->pos, error == EACCES ?
		    "start pyked as root, or let its user read the file" :
		    NULL, "cannot read the %s %s: %s", f->what, f->path,
		    strerror(error));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		warn_mode(f, &st);
		return fd;
	}
	tlsfile_wrong(f->errors, f->pos, NULL, "cannot read the %s %s: it is "
	    "not a file", f->what, f->path);
	(void)close(fd);
	return -1;
}

BIO *
tlsfile_bio(const struct tlsfile *f)
{
	int fd = tlsfile_open(f);
	FILE *stream;
	BIO *bio;

	if (fd == -1)
		return NULL;
	stream = fdopen(fd, "r");
	bio = stream == NULL ? NULL : BIO_new_fp(stream, BIO_CLOSE);
	if (bio != NULL)
		return bio;
	tlsfile_wrong(f->errors, f->pos, NULL, "out of memory");
	if (stream != NULL)
		(void)fclose(stream);
	else
		(void)close(fd);
	return NULL;
}
