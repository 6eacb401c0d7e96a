// The pictures of a DICOM file as pixels to look at, by DCMTK: values are rescaled first, then a window makes greys of them.
// Nothing else of a file is handed out: who was pictured, where and when stays in it.
#ifndef QUIRE_CDICOM_H
#define QUIRE_CDICOM_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

enum quire_dicom_status {
    QUIRE_DICOM_DONE = 0,
    QUIRE_DICOM_TRUNCATED,
    QUIRE_DICOM_DAMAGED,
    /// A transfer syntax or a way to store pixels that is not read, or a file that holds no picture.
    QUIRE_DICOM_UNSUPPORTED,
    QUIRE_DICOM_NO_MEMORY,
};

enum quire_dicom_window_choice {
    /// The file's first window or table; else the values as they are for 8 bits, smallest to largest of all frames for more.
    QUIRE_DICOM_AUTO = 0,
    /// The file's first window or table; a file without one is `QUIRE_DICOM_UNSUPPORTED`.
    QUIRE_DICOM_FILE,
    /// Smallest to largest value of all frames.
    QUIRE_DICOM_MIN_MAX,
    /// `centre` and `width`, in units of the rescaled values.
    QUIRE_DICOM_GIVEN,
};

struct quire_dicom_window {
    enum quire_dicom_window_choice choice;
    double centre;
    double width;
};

/// What the header says; nothing is decoded for it.
struct quire_dicom_facts {
    int width;
    int height;
    int frames;
    /// 1 for grey, 3 for red, green, blue.
    int components;
    /// 8 or 16: what `quire_dicom_render` writes.
    int bits;
    /// Millimetres from pixel to pixel; 0 where it is not stated.
    double spacing_x;
    double spacing_y;
};

struct quire_dicom;

/// Reads all of a file but its pixels. `path` is opened again for each frame, so it has to lead to the file until it is closed.
/// On failure `text` says why in one line without the file's name, and there is nothing to close.
enum quire_dicom_status quire_dicom_open(
    const char *path, int is_tolerant, struct quire_dicom **result, struct quire_dicom_facts *facts, char *text, size_t text_size);

/// Decodes frame `index`, from 0, into `pixels`: interleaved components of `bits` in this machine's byte order, rows without
/// gaps, black lowest whatever the file has. `was_stretched` tells that smallest to largest value was the window.
enum quire_dicom_status quire_dicom_render(
    struct quire_dicom *file, int index, const struct quire_dicom_window *window, void *pixels, size_t pixel_bytes,
    int *was_stretched, char *text, size_t text_size);

/// The ICC profile of a colour file; 0 where it has none. It lives as long as the file.
size_t quire_dicom_profile(struct quire_dicom *file, const uint8_t **bytes);

void quire_dicom_close(struct quire_dicom *file);

#ifdef __cplusplus
}
#endif
#endif
