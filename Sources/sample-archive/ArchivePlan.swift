/// Where each picture of an archive lies and what its camera noted: names as people really have them.
struct ArchivePlan {
    /// From 0.
    let image: Int

    /// One folder of photos: as many as `photosPerFolder`, then the next folder, then the first again.
    private struct Folder {
        let name: String
        let date: (year: Int, month: Int, day: Int)
        let latitude: Int
        let longitude: Int
    }

    private static let photosPerFolder = 10
    private static let folders = [
        Folder(name: "2023/Summer trip", date: (2023, 7, 14), latitude: 43_836_700, longitude: 4_360_100),
        Folder(name: "2023/Summer trip/Été à Nîmes \"plage\"", date: (2023, 7, 20), latitude: 43_529_300, longitude: 4_136_200),
        Folder(name: "2024/旅行/京都", date: (2024, 4, 2), latitude: 35_011_600, longitude: 135_768_100),
        Folder(name: "2024/Cafe\u{301} Müller's", date: (2024, 9, 28), latitude: -34_603_700, longitude: -58_381_600),
        Folder(name: "-to sort", date: (2022, 12, 1), latitude: 51_477_900, longitude: -1_500),
    ]

    private var folder: Folder { Self.folders[image / Self.photosPerFolder % Self.folders.count] }

    /// Below the archive's folder, with `/` between the parts. No two images have the same.
    var photoPath: String {
        let number = image + 1
        let name =
            switch image % Self.photosPerFolder {
            case 2: "DSC \(number) (copy).jpg"
            case 3: "IMG_\(number).JPG"
            case 4: "it's \(number).jpg"
            case 5: "say \"\(number)\".jpg"
            case 6: "-\(number) front.jpg"
            case 7: "e\u{301}te\u{301} \(number).jpg"
            case 8: "写真\(number).jpeg"
            default: "IMG_\(number).jpg"
            }
        return folder.name + "/" + name
    }

    var scanPath: String { "Box \(image / 500 + 1)/Letter \(image / 20 + 1)/page_\(image + 1).jpg" }

    /// 1 to 8 in turn.
    var orientation: Int { image % 8 + 1 }

    func exif(width: Int, height: Int) -> CameraExif {
        var random = Randomness(image: image, purpose: 4)
        let (make, model) = [("Canon", "EOS 40D"), ("NIKON CORPORATION", "NIKON D70"), ("Panasonic", "DMC-FZ30")][image % 3]
        let position = image % Self.photosPerFolder
        let round = image / (Self.photosPerFolder * Self.folders.count)
        let minute = position * 7 + random.int(0...6)
        let date = folder.date
        return CameraExif(
            make: make, model: model, orientation: orientation,
            taken: "\(date.year + round / 12 % 70):\(padded(date.month)):\(padded(min(28, date.day + round % 12))) "
                + "\(padded(9 + minute / 60)):\(padded(minute % 60)):\(padded(random.int(0...59)))",
            exposure: (1, [60, 125, 250, 500, 1000][random.int(0...4)]), fNumberTenths: [28, 40, 56, 80][random.int(0...3)],
            iso: [100, 200, 400, 800][random.int(0...3)], focalLengthMillimetres: random.int(18...85), width: width,
            height: height,
            place: image % 3 == 0
                ? CameraExif.Place(
                    latitude: folder.latitude + random.int(-9_000...9_000), longitude: folder.longitude + random.int(-1_000...1_000),
                    altitudeMetres: random.int(2...900)) : nil)
    }
}

private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
