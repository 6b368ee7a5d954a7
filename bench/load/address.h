#ifndef PICRELAY_BENCH_LOAD_ADDRESS_H
#define PICRELAY_BENCH_LOAD_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <netinet/in.h>

/** An address with its port, of either family; ports are in host order here. [pure] */

union load_address {
    struct sockaddr sa;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

#define LOAD_ADDRESS_TEXT INET6_ADDRSTRLEN

/** @param text  "192.0.2.1" or "2001:db8::1", without a port. @return false: neither */
bool load_address_parse(union load_address *a, const char *text);
/** Writes the host alone, as load_address_parse() takes it. */
void load_address_print(char text[LOAD_ADDRESS_TEXT], const union load_address *a);

socklen_t load_address_bytes(const union load_address *a);
bool load_address_is_ip6(const union load_address *a);
uint16_t load_address_port(const union load_address *a);
void load_address_set_port(union load_address *a, uint16_t port);
/** The same family and host; ports are not compared. */
bool load_address_is_same_host(const union load_address *a, const union load_address *b);

#endif
