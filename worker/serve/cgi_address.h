/*
 * cgi_address: a request that nobody sent, made up from an address of this
 * server. For cgi_trial.
 */
#ifndef WORKER_SERVE_CGI_ADDRESS_H
#define WORKER_SERVE_CGI_ADDRESS_H

struct client_info;
struct conf;
struct request;

/*
 * url is an address of this server, or a path; body is posted to it, NULL asks
 * with GET. *client is filled in and borrowed by the request, which is routed,
 * and the caller's to free. NULL when it cannot be made, or would be answered
 * before its location is known: standard error has the reason.
 */
struct request *cgi_address_request(const struct conf *conf, const char *url,
	    const char *body, struct client_info *client);

#endif
