/*
 * access: may this client have what it asks for?
 *
 * Gates of serve. By its address: the narrowest network among the location's
 * `allow` and `deny` that holds it decides; in none of them it may come in
 * where nothing is allowed. By its password, see auth. `require` joins them.
 */
#ifndef WORKER_SERVE_ACCESS_H
#define WORKER_SERVE_ACCESS_H

#include <stdbool.h>

struct conf_location;
struct request;

/*
 * What the first and the second of r->place say: "location *.php" is no way
 * around the rules of "location /private/". These gates come first; there is
 * one for each, as each may have to wait.
 */
int	access_gate_first(struct request *r);
int	access_gate_second(struct request *r);
/* What the location itself says. */
int	access_gate(struct request *r);
/* Is all there kept from r's client, with whatever password? */
bool	access_is_denied(const struct request *r,
	    const struct conf_location *l);

#endif
