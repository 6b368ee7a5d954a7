/* What a verdict and the gates cost: bench_policy [N_DOMAINS N_RULES]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/control/policy/policy.h"
#include "relay/media/gate.h"
#include "relay/media/ssrc_gate.h"

#define N_VERDICTS 1000000
#define N_PACKETS  50000000

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Every domain an entry of its own, every rule about one user. */
static struct policy *make_table(unsigned n_domains, unsigned n_rules)
{
    char *text = NULL, err[512];
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct policy *policy = NULL;

    if (!out)
        return NULL;
    fputs("providers:\n"
          "  - {Identity: skype, Enabled: yes, ProxyFqdn: federation.messenger.msn.com,\n"
          "     NameDecorationRoutingDomain: msn.com, capabilities: {audio: yes},\n"
          "     RequiresLicense: [[Lync Server CAL]]}\n"
          "enterprise:\n",
          out);
    for (unsigned i = 0; i < n_domains; i++)
        fprintf(out,
                "  - {Domains: [d%u.example], Licenses: [{Name: Lync Server CAL}], Activated: "
                "[{Provider: skype}]}\n",
                i);
    fputs("users:\n", out);
    for (unsigned i = 0; i < n_rules; i++)
        fprintf(out, "  - {Rule: deny, Users: [u%u@d%u.example], Media: [%s]}\n", i,
                n_domains ? i % n_domains : 0, i % 2 ? "video" : "audio");
    fclose(out);
    if (policy_parse(&policy, text, n, "bench", err, sizeof(err)))
        fprintf(stderr, "%s\n", err);
    free(text);
    return policy;
}

static void bench_verdict(const struct policy *p, unsigned n_domains, unsigned n_rules)
{
    struct policy_decision d;
    unsigned n_allowed = 0;
    double start = now_ns();

    for (unsigned i = 0; i < N_VERDICTS; i++) {
        char user[64];
        const int n = snprintf(user, sizeof(user), "sip:u%u@d%u.example", i % (n_rules + 1),
                               i % (n_domains ? n_domains : 1));
        const struct policy_query q = {.provider = "skype",
                                       .peer_fqdn = STR("federation.messenger.msn.com"),
                                       .remote_user = STR("sip:bob(fabrikam.com)@msn.com"),
                                       .enterprise_user = {user, (size_t)n},
                                       .kind = MEDIA_AUDIO,
                                       .unix_time = 1795305600};

        policy_decide(&d, p, &q);
        n_allowed += d.verdict == POLICY_ALLOW;
    }
    printf("verdict: %.0f ns (%u domains, %u rules about users; %u of %u allowed)\n",
           (now_ns() - start) / N_VERDICTS, n_domains, n_rules, n_allowed, (unsigned)N_VERDICTS);
}

/* Payload type, source, size and rate, as receive.c asks them for each packet. */
static void bench_gates(void)
{
    static struct media_rules rules = {
        .max_pps = 500, .max_bytes_ps = 16000, .max_packet_bytes = 784, .ssrc_silence_us = 200000};
    static struct formats formats;
    struct rate_gate rate = {0};
    struct ssrc_gate source;
    uint64_t now_us = 1000000;
    unsigned n_passed = 0;
    double start;

    rules.action[0] = MEDIA_RELAY;
    rules.clock_hz[0] = 8000;
    formats_set(&formats, &rules);
    rate_gate_set(&rate, &rules);
    ssrc_gate_set(&source, &rules);
    start = now_ns();
    for (unsigned i = 0; i < N_PACKETS; i++, now_us += 20000) {
        const uint8_t pt = (uint8_t)(i % 64 == 63 ? 34 : 0); /* one in 64 is no audio */

        n_passed += formats_find(&formats, pt)->action != MEDIA_DROP &&
                    ssrc_gate_check(&source, 7, now_us) == DROP_NONE &&
                    rate_gate_take(&rate, 172, now_us);
    }
    printf("gates: %.2f ns a packet (%u of %u passed)\n", (now_ns() - start) / N_PACKETS, n_passed,
           (unsigned)N_PACKETS);
}

int main(int argc, char **argv)
{
    const unsigned n_domains = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 10000;
    const unsigned n_rules = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
    double start = now_ns();
    struct policy *p = make_table(n_domains, n_rules);

    if (!p)
        return EXIT_FAILURE;
    printf("table: written and read in %.0f ms\n", (now_ns() - start) / 1e6);
    bench_verdict(p, n_domains, n_rules);
    bench_gates();
    start = now_ns();
    policy_free(p);
    printf("table: freed in %.2f ms: what a reload takes of the control thread\n",
           (now_ns() - start) / 1e6);
    return EXIT_SUCCESS;
}
