// What Swift cannot see of GObject and libvips: macros, casts and values of a type known only at run time.
// No function here takes variable arguments, so a wrong name or type is an answer and not a crash.
#ifndef QUIRE_CVIPS_SHIM_H
#define QUIRE_CVIPS_SHIM_H
#include <string.h>
#include <vips/vips.h>

/// What `quire_set_*` found.
typedef enum {
    QUIRE_SET_DONE = 0,
    /// The operation has no property of that name.
    QUIRE_SET_NO_PROPERTY,
    /// The property takes another type.
    QUIRE_SET_WRONG_TYPE,
    /// The enumeration has no value of that nick.
    QUIRE_SET_NO_VALUE,
} QuireSet;

static inline QuireSet quire_set_value(VipsOperation *operation, const char *name, GType type, const GValue *value) {
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name);
    if (!spec) return QUIRE_SET_NO_PROPERTY;
    if (!g_value_type_compatible(type, G_PARAM_SPEC_VALUE_TYPE(spec))
        && !g_value_type_transformable(type, G_PARAM_SPEC_VALUE_TYPE(spec))) return QUIRE_SET_WRONG_TYPE;
    g_object_set_property(G_OBJECT(operation), name, value);
    return QUIRE_SET_DONE;
}

static inline QuireSet quire_set_int(VipsOperation *operation, const char *name, int number) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_INT);
    g_value_set_int(&value, number);
    QuireSet found = quire_set_value(operation, name, G_TYPE_INT, &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_double(VipsOperation *operation, const char *name, double number) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_DOUBLE);
    g_value_set_double(&value, number);
    QuireSet found = quire_set_value(operation, name, G_TYPE_DOUBLE, &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_bool(VipsOperation *operation, const char *name, int flag) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_BOOLEAN);
    g_value_set_boolean(&value, flag);
    QuireSet found = quire_set_value(operation, name, G_TYPE_BOOLEAN, &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_string(VipsOperation *operation, const char *name, const char *text) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, text);
    QuireSet found = quire_set_value(operation, name, G_TYPE_STRING, &value);
    g_value_unset(&value);
    return found;
}

/// An enumeration or flag by its nick, so that a library that renumbers its values changes nothing.
static inline QuireSet quire_set_nick(VipsOperation *operation, const char *name, const char *nick) {
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name);
    if (!spec) return QUIRE_SET_NO_PROPERTY;
    GType type = G_PARAM_SPEC_VALUE_TYPE(spec);
    GValue value = G_VALUE_INIT;
    g_value_init(&value, type);
    QuireSet found = QUIRE_SET_NO_VALUE;
    if (G_TYPE_IS_ENUM(type)) {
        GEnumClass *values = (GEnumClass *)g_type_class_ref(type);
        GEnumValue *entry = g_enum_get_value_by_nick(values, nick);
        if (entry) {
            g_value_set_enum(&value, entry->value);
            found = QUIRE_SET_DONE;
        }
        g_type_class_unref(values);
    } else if (G_TYPE_IS_FLAGS(type)) {
        GFlagsClass *values = (GFlagsClass *)g_type_class_ref(type);
        GFlagsValue *entry = g_flags_get_value_by_nick(values, nick);
        if (entry) {
            g_value_set_flags(&value, entry->value);
            found = QUIRE_SET_DONE;
        }
        g_type_class_unref(values);
    } else {
        found = QUIRE_SET_WRONG_TYPE;
    }
    if (found == QUIRE_SET_DONE) g_object_set_property(G_OBJECT(operation), name, &value);
    g_value_unset(&value);
    return found;
}

/// An image, source or other object; the operation takes a reference of its own.
static inline QuireSet quire_set_object(VipsOperation *operation, const char *name, void *object) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_OBJECT_TYPE(object));
    g_value_set_object(&value, object);
    QuireSet found = quire_set_value(operation, name, G_OBJECT_TYPE(object), &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_doubles(VipsOperation *operation, const char *name, const double *numbers, int count) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VIPS_TYPE_ARRAY_DOUBLE);
    vips_value_set_array_double(&value, numbers, count);
    QuireSet found = quire_set_value(operation, name, VIPS_TYPE_ARRAY_DOUBLE, &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_ints(VipsOperation *operation, const char *name, const int *numbers, int count) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VIPS_TYPE_ARRAY_INT);
    vips_value_set_array_int(&value, numbers, count);
    QuireSet found = quire_set_value(operation, name, VIPS_TYPE_ARRAY_INT, &value);
    g_value_unset(&value);
    return found;
}

static inline QuireSet quire_set_images(VipsOperation *operation, const char *name, VipsImage **images, int count) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VIPS_TYPE_ARRAY_IMAGE);
    vips_value_set_array_image(&value, count);
    VipsImage **slots = vips_value_get_array_image(&value, NULL);
    for (int i = 0; i < count; i++) {
        slots[i] = images[i];
        g_object_ref(images[i]);
    }
    QuireSet found = quire_set_value(operation, name, VIPS_TYPE_ARRAY_IMAGE, &value);
    g_value_unset(&value);
    return found;
}

/// An image result, with a reference for the caller; NULL if there is none.
static inline VipsImage *quire_get_image(VipsOperation *operation, const char *name) {
    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name)) return NULL;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VIPS_TYPE_IMAGE);
    g_object_get_property(G_OBJECT(operation), name, &value);
    VipsImage *image = (VipsImage *)g_value_dup_object(&value);
    g_value_unset(&value);
    return image;
}

/// A blob result, with a reference for the caller (`quire_blob_unref`); NULL if there is none.
static inline VipsBlob *quire_get_blob(VipsOperation *operation, const char *name) {
    if (!g_object_class_find_property(G_OBJECT_GET_CLASS(operation), name)) return NULL;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, VIPS_TYPE_BLOB);
    g_object_get_property(G_OBJECT(operation), name, &value);
    VipsBlob *blob = (VipsBlob *)g_value_dup_boxed(&value);
    g_value_unset(&value);
    return blob;
}

static inline int quire_get_int(VipsOperation *operation, const char *name) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_INT);
    g_object_get_property(G_OBJECT(operation), name, &value);
    int number = g_value_get_int(&value);
    g_value_unset(&value);
    return number;
}

static inline void quire_blob_unref(VipsBlob *blob) { vips_area_unref(VIPS_AREA(blob)); }
static inline void quire_object_unref(void *object) { g_object_unref(object); }
static inline void quire_object_ref(void *object) { g_object_ref(object); }

/// Frees an operation and what it made that nobody took.
static inline void quire_operation_free(VipsOperation *operation) {
    vips_object_unref_outputs(VIPS_OBJECT(operation));
    g_object_unref(operation);
}

static inline VipsOperation *quire_operation_build(VipsOperation *operation) {
    return vips_object_build(VIPS_OBJECT(operation)) ? NULL : operation;
}

/// Whether a field of this name is in the image's header.
static inline int quire_image_has(VipsImage *image, const char *name) { return vips_image_get_typeof(image, name) != 0; }

/// A picture of its own pixels in memory, which the caller writes to `*pixels`, rows without gaps; NULL without memory.
static inline VipsImage *quire_image_allocate(
    int width, int height, int bands, VipsBandFormat format, VipsInterpretation interpretation, void **pixels) {
    VipsImage *image = vips_image_new_memory();
    vips_image_init_fields(image, width, height, bands, format, VIPS_CODING_NONE, interpretation, 1, 1);
    if (vips_image_pipelinev(image, VIPS_DEMAND_STYLE_ANY, NULL) || vips_image_write_prepare(image)) {
        g_object_unref(image);
        return NULL;
    }
    *pixels = VIPS_IMAGE_ADDR(image, 0, 0);
    return image;
}

static inline void quire_image_kill(VipsImage *image) { vips_image_set_kill(image, TRUE); }

#endif
