extension EXIFTag {
    /// The descriptive tags of EXIF 2.32 (tables 3 to 7, 15), and those of Windows Explorer, in the order of directory and number.
    ///
    /// What a decoder needs (sizes, strips, compression) is not among them: an edit must not make a picture unreadable.
    public static let all: [EXIFTag] = image + exif + gps + interoperability

    private static let image: [EXIFTag] = [
        (0x010D, "DocumentName", .ascii, nil), (0x010E, "ImageDescription", .ascii, nil), (0x010F, "Make", .ascii, nil),
        (0x0110, "Model", .ascii, nil), (0x0112, "Orientation", .short, 1), (0x011A, "XResolution", .rational, 1),
        (0x011B, "YResolution", .rational, 1), (0x011D, "PageName", .ascii, nil), (0x0128, "ResolutionUnit", .short, 1),
        (0x0131, "Software", .ascii, nil), (0x0132, "DateTime", .dateTime, nil), (0x013B, "Artist", .ascii, nil),
        (0x013C, "HostComputer", .ascii, nil), (0x4746, "Rating", .short, 1), (0x4749, "RatingPercent", .short, 1),
        (0x8298, "Copyright", .ascii, nil), (0x9C9B, "XPTitle", .wideText, nil), (0x9C9C, "XPComment", .wideText, nil),
        (0x9C9D, "XPAuthor", .wideText, nil), (0x9C9E, "XPKeywords", .wideText, nil), (0x9C9F, "XPSubject", .wideText, nil),
        (0xC4A5, "PrintImageMatching", .opaque, nil),
    ].map { EXIFTag(.image, $0, $1, $2, $3) }

    private static let exif: [EXIFTag] = [
        (0x829A, "ExposureTime", .rational, 1), (0x829D, "FNumber", .rational, 1), (0x8822, "ExposureProgram", .short, 1),
        (0x8824, "SpectralSensitivity", .ascii, nil), (0x8827, "PhotographicSensitivity", .short, nil), (0x8828, "OECF", .undefined, nil),
        (0x8830, "SensitivityType", .short, 1), (0x8831, "StandardOutputSensitivity", .long, 1),
        (0x8832, "RecommendedExposureIndex", .long, 1), (0x8833, "ISOSpeed", .long, 1), (0x8834, "ISOSpeedLatitudeyyy", .long, 1),
        (0x8835, "ISOSpeedLatitudezzz", .long, 1), (0x9000, "ExifVersion", .version, nil),
        (0x9003, "DateTimeOriginal", .dateTime, nil), (0x9004, "DateTimeDigitized", .dateTime, nil),
        (0x9010, "OffsetTime", .ascii, nil), (0x9011, "OffsetTimeOriginal", .ascii, nil), (0x9012, "OffsetTimeDigitized", .ascii, nil),
        (0x9101, "ComponentsConfiguration", .undefined, 4), (0x9102, "CompressedBitsPerPixel", .rational, 1),
        (0x9201, "ShutterSpeedValue", .signedRational, 1), (0x9202, "ApertureValue", .rational, 1),
        (0x9203, "BrightnessValue", .signedRational, 1), (0x9204, "ExposureBiasValue", .signedRational, 1),
        (0x9205, "MaxApertureValue", .rational, 1), (0x9206, "SubjectDistance", .rational, 1), (0x9207, "MeteringMode", .short, 1),
        (0x9208, "LightSource", .short, 1), (0x9209, "Flash", .short, 1), (0x920A, "FocalLength", .rational, 1),
        (0x9214, "SubjectArea", .short, nil), (0x927C, "MakerNote", .opaque, nil), (0x9286, "UserComment", .comment, nil),
        (0x9290, "SubSecTime", .ascii, nil), (0x9291, "SubSecTimeOriginal", .ascii, nil), (0x9292, "SubSecTimeDigitized", .ascii, nil),
        (0x9400, "Temperature", .signedRational, 1), (0x9401, "Humidity", .rational, 1), (0x9402, "Pressure", .rational, 1),
        (0x9403, "WaterDepth", .signedRational, 1), (0x9404, "Acceleration", .rational, 1),
        (0x9405, "CameraElevationAngle", .signedRational, 1), (0xA000, "FlashpixVersion", .version, nil),
        (0xA001, "ColorSpace", .short, 1), (0xA002, "PixelXDimension", .shortOrLong, 1), (0xA003, "PixelYDimension", .shortOrLong, 1),
        (0xA004, "RelatedSoundFile", .ascii, nil), (0xA20B, "FlashEnergy", .rational, 1),
        (0xA20C, "SpatialFrequencyResponse", .undefined, nil), (0xA20E, "FocalPlaneXResolution", .rational, 1),
        (0xA20F, "FocalPlaneYResolution", .rational, 1), (0xA210, "FocalPlaneResolutionUnit", .short, 1),
        (0xA214, "SubjectLocation", .short, 2), (0xA215, "ExposureIndex", .rational, 1), (0xA217, "SensingMethod", .short, 1),
        (0xA300, "FileSource", .undefined, 1), (0xA301, "SceneType", .undefined, 1), (0xA302, "CFAPattern", .undefined, nil),
        (0xA401, "CustomRendered", .short, 1), (0xA402, "ExposureMode", .short, 1), (0xA403, "WhiteBalance", .short, 1),
        (0xA404, "DigitalZoomRatio", .rational, 1), (0xA405, "FocalLengthIn35mmFilm", .short, 1),
        (0xA406, "SceneCaptureType", .short, 1), (0xA407, "GainControl", .short, 1), (0xA408, "Contrast", .short, 1),
        (0xA409, "Saturation", .short, 1), (0xA40A, "Sharpness", .short, 1), (0xA40B, "DeviceSettingDescription", .undefined, nil),
        (0xA40C, "SubjectDistanceRange", .short, 1), (0xA420, "ImageUniqueID", .ascii, nil), (0xA430, "CameraOwnerName", .ascii, nil),
        (0xA431, "BodySerialNumber", .ascii, nil), (0xA432, "LensSpecification", .rational, 4), (0xA433, "LensMake", .ascii, nil),
        (0xA434, "LensModel", .ascii, nil), (0xA435, "LensSerialNumber", .ascii, nil), (0xA460, "CompositeImage", .short, 1),
        (0xA461, "SourceImageNumberOfCompositeImage", .short, 2), (0xA500, "Gamma", .rational, 1),
    ].map { EXIFTag(.exif, $0, $1, $2, $3) }

    private static let gps: [EXIFTag] = [
        (0, "GPSVersionID", .byte, 4), (1, "GPSLatitudeRef", .ascii, nil), (2, "GPSLatitude", .rational, 3),
        (3, "GPSLongitudeRef", .ascii, nil), (4, "GPSLongitude", .rational, 3), (5, "GPSAltitudeRef", .byte, 1),
        (6, "GPSAltitude", .rational, 1), (7, "GPSTimeStamp", .rational, 3), (8, "GPSSatellites", .ascii, nil),
        (9, "GPSStatus", .ascii, nil), (10, "GPSMeasureMode", .ascii, nil), (11, "GPSDOP", .rational, 1),
        (12, "GPSSpeedRef", .ascii, nil), (13, "GPSSpeed", .rational, 1), (14, "GPSTrackRef", .ascii, nil), (15, "GPSTrack", .rational, 1),
        (16, "GPSImgDirectionRef", .ascii, nil), (17, "GPSImgDirection", .rational, 1), (18, "GPSMapDatum", .ascii, nil),
        (19, "GPSDestLatitudeRef", .ascii, nil), (20, "GPSDestLatitude", .rational, 3), (21, "GPSDestLongitudeRef", .ascii, nil),
        (22, "GPSDestLongitude", .rational, 3), (23, "GPSDestBearingRef", .ascii, nil), (24, "GPSDestBearing", .rational, 1),
        (25, "GPSDestDistanceRef", .ascii, nil), (26, "GPSDestDistance", .rational, 1), (27, "GPSProcessingMethod", .comment, nil),
        (28, "GPSAreaInformation", .comment, nil), (29, "GPSDateStamp", .date, nil), (30, "GPSDifferential", .short, 1),
        (31, "GPSHPositioningError", .rational, 1),
    ].map { EXIFTag(.gps, $0, $1, $2, $3) }

    private static let interoperability: [EXIFTag] = [
        (1, "InteroperabilityIndex", .ascii, nil), (2, "InteroperabilityVersion", .version, nil),
    ].map { EXIFTag(.interoperability, $0, $1, $2, $3) }
}
