// What Swift cannot see of libexif: an array in a structure is a tuple there.
#ifndef QUIRE_CLIBEXIF_SHIM_H
#define QUIRE_CLIBEXIF_SHIM_H
#include <stddef.h>
#include <libexif/exif-data.h>
#include <libexif/exif-tag.h>
#include <libexif/exif-loader.h>
#include <libexif/exif-utils.h>

static inline ExifContent *quire_exif_content(ExifData *data, ExifIfd directory) {
    return directory >= 0 && directory < EXIF_IFD_COUNT ? data->ifd[directory] : NULL;
}
#endif
