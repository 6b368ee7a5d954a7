#ifndef PICRELAY_SIM_LOSSY_H
#define PICRELAY_SIM_LOSSY_H

#include <stddef.h>
#include <stdint.h>

/**
 * A network that loses, delays, reorders and doubles packets, the same way for the same seed. No
 * socket and no clock: packets and a time go in, packets come out when their time has come.
 */

#define LOSSY_SLOTS      256
#define LOSSY_PACKET_MAX 1500

struct lossy_config {
    uint32_t seed;
    double loss;      /* share of packets lost, 0 to 1 */
    double burst;     /* mean length of a loss [packets]; 0 or 1: losses are independent */
    double duplicate; /* share that arrives twice */
    double reorder;   /* share that is held back by reorder_us, so that others overtake it */
    uint32_t reorder_us;
    uint32_t delay_us;  /* of every packet */
    uint32_t jitter_us; /* up to this much more, uniform; order is kept by it */
};

struct lossy_packet {
    uint64_t at_us; /* when it arrives */
    uint64_t order; /* among those of the same time: as sent */
    size_t n;       /* 0: the slot is free */
    uint8_t data[LOSSY_PACKET_MAX];
};

struct lossy {
    struct lossy_config config;
    uint64_t random;
    int is_losing;
    uint64_t last_us, n_sent;
    uint64_t lost, duplicated, reordered;
    struct lossy_packet slots[LOSSY_SLOTS];
};

void lossy_init(struct lossy *net, const struct lossy_config *config);
/** Sends n bytes (1 to LOSSY_PACKET_MAX) at now_us. @return 0; ENOBUFS: too many are on their way
 */
int lossy_send(struct lossy *net, const void *data, size_t n, uint64_t now_us);
/** @return bytes of the next packet that has arrived by now_us; 0: none */
size_t lossy_receive(struct lossy *net, void *data, size_t cap, uint64_t now_us);
/** @return when the next packet arrives; UINT64_MAX: none is on its way */
uint64_t lossy_deadline_us(const struct lossy *net);

#endif
