/*
 * transport_proxy: what a trusted proxy's connection is until it has said whose
 * it is. Its handshake reads a header of the PROXY protocol and not a byte
 * more, then the connection becomes what it would have been without.
 */
#ifndef WORKER_TRANSPORT_PROXY_H
#define WORKER_TRANSPORT_PROXY_H

#include "worker/transport.h"

extern const struct transport transport_proxy;

#endif
