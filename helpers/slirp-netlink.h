/* The few rtnetlink requests that set up interfaces of the network namespace we are in. All return
 * 0 or -errno. */
#pragma once

#include <stdint.h>

/* A socket for the requests below; an fd or -errno. */
int runc_slirp_netlink_open (void);

/* Bring up interface @index. @mtu: 0 leaves it as it is */
int runc_slirp_netlink_up (int fd, int index, uint32_t mtu);

/* Give interface @index the address @address (of @family, 4 or 16 bytes). */
int runc_slirp_netlink_add_address (int fd, int index, int family, const void *address,
                                    int prefix_len);

/* Make @gateway on interface @index the way to everywhere. */
int runc_slirp_netlink_add_default_route (int fd, int index, int family, const void *gateway);
