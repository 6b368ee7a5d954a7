#include "bench/load/address.h"

#include <string.h>

#include <arpa/inet.h>

bool load_address_parse(union load_address *a, const char *text)
{
    *a = (union load_address){.in4.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &a->in4.sin_addr) == 1)
        return true;
    *a = (union load_address){.in6.sin6_family = AF_INET6};
    return inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1;
}

void load_address_print(char text[LOAD_ADDRESS_TEXT], const union load_address *a)
{
    const void *host =
        load_address_is_ip6(a) ? (const void *)&a->in6.sin6_addr : (const void *)&a->in4.sin_addr;

    if (!inet_ntop(a->sa.sa_family, host, text, LOAD_ADDRESS_TEXT))
        text[0] = 0;
}

bool load_address_is_ip6(const union load_address *a)
{
    return a->sa.sa_family == AF_INET6;
}

socklen_t load_address_bytes(const union load_address *a)
{
    return load_address_is_ip6(a) ? sizeof(a->in6) : sizeof(a->in4);
}

uint16_t load_address_port(const union load_address *a)
{
    return ntohs(load_address_is_ip6(a) ? a->in6.sin6_port : a->in4.sin_port);
}

void load_address_set_port(union load_address *a, uint16_t port)
{
    if (load_address_is_ip6(a))
        a->in6.sin6_port = htons(port);
    else
        a->in4.sin_port = htons(port);
}

bool load_address_is_same_host(const union load_address *a, const union load_address *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;
    if (load_address_is_ip6(a))
        return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0;
    return a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
}
