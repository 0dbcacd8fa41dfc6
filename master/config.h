/*
 * config: a configuration that this process can act on.
 */
#ifndef MASTER_CONFIG_H
#define MASTER_CONFIG_H

#include <stdbool.h>

struct conf;
struct conf_errors;
struct identity;
struct master_options;

/*
 * Reads what options say, opens what that names, finds the user of the workers
 * and checks where the logs lie; changes nothing. Every mistake is added to
 * errors. Returns the tree, owned by the caller, or NULL.
 */
struct conf *config_load(const struct master_options *options,
	    struct identity *who, struct conf_errors *errors);
/* Is a pid file to be made, or is this a server that nothing looks for? */
bool	config_wants_pidfile(const struct master_options *options,
	    const struct conf *conf);
/* Logs each line of what is wrong, with prefix before it. */
void	config_report(const struct conf_errors *errors, const char *prefix);

#endif
