import Digests
import ImageFiles
public import JobModel
import LinuxSystem
import Recipes

/// A file that a recipe names and that all pictures of a job share.
public struct RecipeAsset: Hashable, Sendable {
    /// Absolute.
    public var path: RawPath
    public var digest: Digest256
    public var bytes: [UInt8]
}

/// Reads the files a recipe names: once when a job is planned, and once more by each process that goes on with it.
enum RecipeAssets {
    /// The recipe with its files known by their bytes, and these.
    ///
    /// - Parameter folder: absolute, where the recipe file lies: its paths are seen from there.
    static func read(_ recipe: Recipe, seenFrom folder: RawPath) throws(HeadError) -> (recipe: Recipe, assets: [RecipeAsset]) {
        var assets: [RecipeAsset] = []
        var known: [Asset: Digest256] = [:]
        for asset in recipe.assets {
            let path = folder.appending(RawPath(asset.path)).normalized
            let bytes = try bytes(of: path, named: asset.path, left: WorkSetup.assetBytesMax - assets.reduce(0) { $0 + $1.bytes.count })
            if recipe.isTrack(asset) { try checkTrack(bytes, named: asset.path) }
            let digest = SHA256Stream.digest(of: bytes)
            known[asset] = digest
            if !assets.contains(where: { $0.digest == digest }) { assets.append(RecipeAsset(path: path, digest: digest, bytes: bytes)) }
        }
        let named = recipe.mapAssets { asset in
            guard let digest = known[asset] else { return asset }
            return Asset(path: RawPath(asset.path).lastComponent.display, digest: digest)
        }
        return (named, assets)
    }

    private static func checkTrack(_ bytes: [UInt8], named name: String) throws(HeadError) {
        do throws(ImageFileError) {
            _ = try GPXTrack(parsing: bytes)
        } catch {
            throw .usage("the recipe names the track '\(name)', which cannot be used: \(error.reason)")
        }
    }

    /// Reads them again as they were; a file that is another now would make outputs that do not belong together.
    static func readAgain(_ assets: [(path: RawPath, digest: Digest256)]) throws(HeadError) -> [RecipeAsset] {
        var again: [RecipeAsset] = []
        for asset in assets {
            let bytes = try bytes(
                of: asset.path, named: asset.path.display, left: WorkSetup.assetBytesMax - again.reduce(0) { $0 + $1.bytes.count })
            guard SHA256Stream.digest(of: bytes) == asset.digest else {
                throw .usage(
                    "\(asset.path), which the recipe names, is not what it was when the job began; put the file back, or run the job's command again")
            }
            again.append(RecipeAsset(path: asset.path, digest: asset.digest, bytes: bytes))
        }
        return again
    }

    private static func bytes(of path: RawPath, named name: String, left: Int) throws(HeadError) -> [UInt8] {
        var bytes: [UInt8] = []
        var isFile = false
        do throws(SystemError) {
            isFile = try FileOperation.facts(of: path).type == .regular
            // Opening a named pipe would wait for somebody who writes.
            if isFile {
                let file = try OpenFile(path, .read)
                while bytes.count <= left {
                    let more = try file.read(count: 1 << 20, at: UInt64(bytes.count))
                    if more.isEmpty { break }
                    bytes += more
                }
            }
        } catch {
            throw .usage("the recipe names '\(name)', which cannot be read: \(error); paths in a recipe are seen from its own folder")
        }
        guard isFile else { throw .usage("the recipe names '\(name)', and \(path) is no file") }
        guard bytes.count <= left else {
            throw .usage("the files the recipe names have more than \(WorkSetup.assetBytesMax >> 20) MiB together; \(path) is too large")
        }
        guard !bytes.isEmpty else { throw .usage("the recipe names '\(name)', and \(path) is empty") }
        return bytes
    }
}
