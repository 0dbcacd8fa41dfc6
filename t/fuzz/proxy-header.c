/*
 * fuzz: headers of the PROXY protocol. Whole or by steps they mean the same,
 * and nothing behind one changes it.
 */
#include "t/fuzz/fuzz.h"
#include "worker/proxy_header.h"

void
fuzz(const char *p, size_t n)
{
	struct proxy_header whole, part;
	size_t used, again;
	enum proxy_parse result = proxy_header_parse(edge_put(p, n), n, &whole,
	    &used);

	must(result == PROXY_PARTIAL || result == PROXY_COMPLETE ||
	    result == PROXY_BAD);
	must(result == PROXY_COMPLETE ? used > 0 && used <= n : used == 0);
	must(result != PROXY_PARTIAL || n < PROXY_HEADER_MAX);
	for (size_t i = 0; i < n; i += fuzz_step(3, p, i)) {
		enum proxy_parse early = proxy_header_parse(edge_put(p, i), i,
		    &part, &again);

		if (result == PROXY_COMPLETE && i >= used)
			must(early == result && again == used &&
			    net_addr_eq(&part.peer, &whole.peer) &&
			    part.known == whole.known && part.tls == whole.tls);
		else
			must(early == PROXY_PARTIAL ||
			    (early == PROXY_BAD && result == PROXY_BAD));
	}
	if (result == PROXY_COMPLETE && whole.known)
		must(whole.peer.family == AF_INET ||
		    whole.peer.family == AF_INET6 ||
		    whole.peer.family == AF_UNIX);
}
