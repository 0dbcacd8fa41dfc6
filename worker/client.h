/*
 * client: whose a connection or a request is, where proxies are trusted.
 */
#ifndef WORKER_CLIENT_H
#define WORKER_CLIENT_H

struct conn;
struct request;

/*
 * Behind a proxy that says it in each request: gives r a client of its own, in
 * its arena. 0, or the status to fail with. For no other connection.
 */
int	client_of_request(const struct conn *c, struct request *r);

#endif
