#ifndef PICRELAY_TESTS_SIPP_STEPS_H
#define PICRELAY_TESTS_SIPP_STEPS_H

/**
 * What the scenarios of sipp.h are made of: one step a macro, in SIPp's XML. The caller is alice,
 * the callee bob. A step that sends a body of a name waits for sipp_give() of that name.
 */

#define SEND(text)   "<send><![CDATA[\n" text "]]></send>\n"
#define RESEND(text) "<send retrans=\"500\"><![CDATA[\n" text "]]></send>\n"

#define EXPECT(status) "<recv response=\"" status "\"/>\n"
#define HEAR(method)   "<recv request=\"" method "\"/>\n"

#define NO_BODY    "Content-Length: 0\n\n"
#define BODY(name) "Content-Length: [len]\n\n[file name=" name "]"
#define SDP(name)  "Content-Type: application/sdp\n" BODY(name)
#define LOCAL      "[local_ip]:[local_port]"
#define HOPS       "Max-Forwards: 70\n"
#define NEW_VIA    "Via: SIP/2.0/[transport] " LOCAL ";branch=[branch]\n"
#define ECHOED     "[last_Via:]\n[last_From:]\n[last_Call-ID:]\n"

/* ---- the caller ------------------------------------------------------------------------------ */

/* ACK of a refusal and CANCEL belong to the transaction of the INVITE (RFC 3261 s.9.1, s.17.1.1.3),
 * so its branch has to be known to them. */
#define INVITE_VIA "Via: SIP/2.0/[transport] " LOCAL ";branch=z9hG4bK-[call_id]\n"
#define FROM_ALICE "From: <sip:alice@" LOCAL ">;tag=alice\nCall-ID: [call_id]\n"
#define TO_BOB     "To: <sip:bob@[callee]>\n"

#define INVITE                                                                                     \
    RESEND("INVITE sip:bob@[callee] SIP/2.0\n" INVITE_VIA FROM_ALICE TO_BOB                        \
           "CSeq: 1 INVITE\nContact: <sip:alice@" LOCAL ">\n" HOPS SDP("offer"))                   \
    "<recv response=\"100\" optional=\"true\"/>\n"
/* The callee is to offer, in the 200: RFC 3261 s.13.2.1. */
#define INVITE_FOR_OFFER                                                                           \
    RESEND("INVITE sip:bob@[callee] SIP/2.0\n" INVITE_VIA FROM_ALICE TO_BOB                        \
           "CSeq: 1 INVITE\nContact: <sip:alice@" LOCAL ">\n" HOPS NO_BODY)                        \
    "<recv response=\"100\" optional=\"true\"/>\n"
#define CANCEL                                                                                     \
    SEND("CANCEL sip:bob@[callee] SIP/2.0\n" INVITE_VIA FROM_ALICE TO_BOB                          \
         "CSeq: 1 CANCEL\n" HOPS BODY("cancel"))
#define ACK_REFUSAL                                                                                \
    SEND("ACK sip:bob@[callee] SIP/2.0\n" INVITE_VIA FROM_ALICE                                    \
         "[last_To:]\nCSeq: 1 ACK\n" HOPS NO_BODY)

/* The answer names the route to the callee's contact, which all that follows takes. */
#define EXPECT_ANSWER "<recv response=\"200\" rrs=\"true\"/>\n"
#define ACK                                                                                        \
    SEND("ACK [next_url] SIP/2.0\n" NEW_VIA FROM_ALICE                                             \
         "[last_To:]\nCSeq: 1 ACK\n[routes]\n" HOPS NO_BODY)
#define ACK_WITH_ANSWER                                                                            \
    SEND("ACK [next_url] SIP/2.0\n" NEW_VIA FROM_ALICE                                             \
         "[last_To:]\nCSeq: 1 ACK\n[routes]\n" HOPS SDP("answer"))
#define REINVITE                                                                                   \
    RESEND("INVITE [next_url] SIP/2.0\n" NEW_VIA FROM_ALICE                                        \
           "[last_To:]\nCSeq: 2 INVITE\n[routes]\nContact: <sip:alice@" LOCAL                      \
           ">\n" HOPS SDP("refresh"))                                                              \
    "<recv response=\"100\" optional=\"true\"/>\n" EXPECT("200")
#define ACK_REFRESH                                                                                \
    SEND("ACK [next_url] SIP/2.0\n" NEW_VIA FROM_ALICE                                             \
         "[last_To:]\nCSeq: 2 ACK\n[routes]\n" HOPS NO_BODY)
#define CALLER_BYE                                                                                 \
    RESEND("BYE [next_url] SIP/2.0\n" NEW_VIA FROM_ALICE                                           \
           "[last_To:]\nCSeq: 3 BYE\n[routes]\n" HOPS BODY("bye"))                                 \
    EXPECT("200")

/* ---- the callee ------------------------------------------------------------------------------ */

/* Who From and To are is kept for a request of the callee's own. */
#define HEAR_INVITE                                                                                \
    "<recv request=\"INVITE\" rrs=\"true\"><action>"                                               \
    "<ereg regexp=\".*\" search_in=\"hdr\" header=\"From:\" assign_to=\"alice\"/>"                 \
    "<ereg regexp=\".*\" search_in=\"hdr\" header=\"To:\" assign_to=\"bob\"/>"                     \
    "</action></recv>\n"                                                                           \
    "<Reference variables=\"alice,bob\"/>\n"
#define REPLY(status, rest)                                                                        \
    "SIP/2.0 " status "\n" ECHOED "[last_Record-Route:]\n[last_To:];tag=bob\n[last_CSeq:]\n"       \
    "Contact: <sip:bob@" LOCAL ">\n" rest

#define RING     SEND(REPLY("180 Ringing", NO_BODY))
#define PROGRESS SEND(REPLY("183 Session Progress", SDP("progress")))
#define ANSWER   RESEND(REPLY("200 OK", SDP("answer"))) HEAR("ACK")
/* SIPp's own media instead of a body that is given: it sends back what it hears (-rtp_echo). */
#define ANSWER_ECHO                                                                                \
    RESEND(REPLY("200 OK", "Content-Type: application/sdp\nContent-Length: [len]\n\n"              \
                           "v=0\no=- 1 1 IN IP4 [media_ip]\ns=-\nc=IN IP4 [media_ip]\n"            \
                           "t=0 0\nm=audio [media_port] RTP/AVP 0\n"))                             \
    HEAR("ACK")
#define REFUSE(status) RESEND(REPLY(status, NO_BODY)) HEAR("ACK")
/* Within the dialogue, To has its tag already. */
#define ANSWER_REFRESH                                                                             \
    "<recv request=\"INVITE\"/>\n" RESEND("SIP/2.0 200 OK\n" ECHOED                                \
                                          "[last_To:]\n[last_CSeq:]\nContact: <sip:bob@" LOCAL     \
                                          ">\n" SDP("refreshed")) HEAR("ACK")
#define OK SEND("SIP/2.0 200 OK\n" ECHOED "[last_To:]\n[last_CSeq:]\n" NO_BODY)
/* The INVITE's final response, when CANCEL was the last request that came: the same Via. */
#define TERMINATED                                                                                 \
    RESEND("SIP/2.0 487 Request Terminated\n" ECHOED                                               \
           "[last_To:];tag=bob\nCSeq: 1 INVITE\n" NO_BODY)                                         \
    HEAR("ACK")
#define CALLEE_REINVITE                                                                            \
    RESEND("INVITE [next_url] SIP/2.0\n" NEW_VIA "From:[$bob];tag=bob\nTo:[$alice]\n"              \
           "Call-ID: [call_id]\nCSeq: 1 INVITE\n[routes]\nContact: <sip:bob@" LOCAL                \
           ">\n" HOPS SDP("refresh"))                                                              \
    "<recv response=\"100\" optional=\"true\"/>\n" EXPECT("200")                                   \
        SEND("ACK [next_url] SIP/2.0\n" NEW_VIA "From:[$bob];tag=bob\nTo:[$alice]\n"               \
             "Call-ID: [call_id]\nCSeq: 1 ACK\n[routes]\n" HOPS NO_BODY)
#define CALLEE_BYE                                                                                 \
    RESEND("BYE [next_url] SIP/2.0\n" NEW_VIA "From:[$bob];tag=bob\nTo:[$alice]\n"                 \
           "Call-ID: [call_id]\nCSeq: 2 BYE\n[routes]\n" HOPS BODY("bye"))                         \
    EXPECT("200")

#endif
