/*
 * access: may this client have what it asks for?
 *
 * Gates of serve. By its address: the narrowest network among the location's
 * `allow` and `deny` that holds it decides; in none of them it may come in
 * where nothing is allowed. By its password, see auth. `require` joins them.
 */
#ifndef WORKER_SERVE_ACCESS_H
#define WORKER_SERVE_ACCESS_H

struct request;

/*
 * What is said of the place where a path lies holds for it also when another
 * location says how files of that kind are served: "location *.php" is no way
 * around the rules of "location /private/". This gate comes first.
 */
int	access_gate_place(struct request *r);
/* What the location itself says. */
int	access_gate(struct request *r);

#endif
