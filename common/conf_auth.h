/*
 * conf_auth: the files of users that a configuration names.
 *
 * Called with privileges, at the start, for -t and for a reload by conf_open,
 * and by the master for one file when that has changed.
 */
#ifndef COMMON_CONF_AUTH_H
#define COMMON_CONF_AUTH_H

struct conf;
struct conf_auth_file;
struct conf_errors;

/* Adds to errors what is wrong with each file: it cannot be read, everybody
 * may write to it, or there are lines in it that are no use. */
void	conf_auth_check(const struct conf *conf, struct conf_errors *errors);
/* The same for what was opened of one file. */
void	conf_auth_check_file(const struct conf_auth_file *file, int fd,
	    struct conf_errors *errors);

#endif
