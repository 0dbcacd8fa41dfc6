/*
 * variant: which content coding of a file suits a client (RFC 9110 section
 * 12.5.3).
 */
#ifndef WORKER_SERVE_VARIANT_H
#define WORKER_SERVE_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"

struct file;
struct request;
struct stat;

/*
 * For the open file f at path, of which st is known: puts the precompressed
 * file beside it in its place, or says that it is to be compressed, when the
 * site has that and the client likes it at least as well. One that is older
 * than the file by a second or more is left alone: many tools keep the time,
 * not all of them its fractions. Nothing acceptable: as it is. 0, or the
 * status to fail with.
 */
int	variant_choose(struct request *r, const char *path, struct file *f,
	    const struct stat *st);

/* Do files there have variants, or may they get some? */
bool	variant_may_be(const struct conf_location *l);
/* Requests of one class get the same variant of a file, but for those that are
 * compressed on the way. */
uint32_t variant_class(const struct request *r);

/* The coding in which path is another file's variant, by its name: then
 * *original is that file's. Or NONE. */
enum conf_coding variant_named(struct str path, struct str *original);
/* Does that location serve such variants? */
bool	variant_is_served(const struct conf_location *l,
	    enum conf_coding coding);

#endif
