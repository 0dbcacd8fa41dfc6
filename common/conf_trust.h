/*
 * conf_trust: the proxies that may say whose connections or requests they
 * bring, as `trust-proxy` names them.
 */
#ifndef COMMON_CONF_TRUST_H
#define COMMON_CONF_TRUST_H

#include <stdbool.h>

#include "common/cidr.h"
#include "common/conf.h"

/* How a proxy says by whom a request was sent. */
enum conf_forwarded {
	CONF_FORWARDED_UNSET,
	CONF_FORWARDED_OFF,		/* it does not */
	CONF_FORWARDED_X,		/* X-Forwarded-For */
	CONF_FORWARDED_RFC		/* Forwarded, RFC 7239 */
};

/* A network of proxies. */
struct conf_trust {
	struct cidr net;
	bool proxy_protocol;		/* each connection begins with it */
	enum conf_forwarded forwarded;
	struct conf_pos pos;
};

/* What is said of a peer as a proxy; NULL: it is none. */
const struct conf_trust *conf_trust_find(const struct conf *conf,
	    const struct net_addr *peer);

#endif
