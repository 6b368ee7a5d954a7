#ifndef PICRELAY_CODECS_H
#define PICRELAY_CODECS_H

#include "codec/codec.h"

/** The rows of the table in codec.c, each defined in the file of its codec. Inside codec/ only. */

extern const struct codec codec_opus;
extern const struct codec codec_g722;
extern const struct codec codec_pcma;
extern const struct codec codec_pcmu;
extern const struct codec codec_g726;
extern const struct codec codec_g726_aal2;
extern const struct codec codec_gsm;
extern const struct codec codec_siren;
extern const struct codec codec_g7221_24;
extern const struct codec codec_g7221_32;

#endif
