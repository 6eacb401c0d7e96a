/// Recipes that come with the program, as a person would write them.
enum ReadyMadeRecipes {
    static let all: [(name: String, text: String)] = [
        ("web", web), ("email", email), ("archive-master", archiveMaster), ("thumbnails", thumbnails), ("print-a4", printA4),
        ("privacy", privacy),
    ]

    private static let web = """
        # For a web page: upright, at most 1600 pixels, sRGB, small files without the place.
        name: web
        actions:
          - auto-orient
          - convert-colour: srgb
          - shrink: 1600
          - sharpen: 0.5
          - strip: gps
          - save: {format: jpeg, quality: 82, progressive: yes}

        """

    private static let email = """
        # For a mail: upright, at most 1280 pixels, nothing of the camera or the place.
        name: email
        actions:
          - auto-orient
          - shrink: 1280
          - strip: all
          - save: {format: jpeg, quality: 78}

        """

    private static let archiveMaster = """
        # For an archive: a lossless TIFF of every pixel with all metadata, and beside it a copy to look at.
        name: archive-master
        actions:
          - auto-orient
          - save: {format: tiff, compression: deflate, in: master}
          - shrink: 2000
          - save: {format: jpeg, quality: 85, in: access}

        """

    private static let thumbnails = """
        # Small pictures for an index: 256 pixels, named after the picture.
        name: thumbnails
        actions:
          - auto-orient
          - shrink: 256
          - strip: all
          - save: {format: jpeg, quality: 75, name: '{subdir}/{stem}_thumb.{ext}'}

        """

    private static let printA4 = """
        # For paper: upright, 300 dpi on A4 with a margin of 10 mm; give --pdf to bind the pages.
        name: print-a4
        actions:
          - auto-orient
          - shrink: 3272
          - sharpen: 0.5
          - save: {format: jpeg, quality: 92}
        pdf:
          page-size: a4
          margin: 10mm

        """

    private static let privacy = """
        # Before pictures leave the house: nothing but the picture. Pixels stay as they are.
        name: privacy
        actions:
          - strip: all

        """
}
