#ifndef QUIRE_CVIPS_SHIM_H
#define QUIRE_CVIPS_SHIM_H
#include <vips/vips.h>
#endif
