/// What every task of a job shares; sent to a worker once, before its first order.
public struct WorkSetup: Hashable, Sendable {
    /// The recipe in its canonical encoding (`Recipes`); the agent passes it through unread.
    public var recipe: [UInt8]
    public var damage: DamagePolicy
    public var limits: WorkLimits
    /// Mode bits of new files: 0666 minus the head's umask.
    public var fileMode: UInt32
    /// The shared files the recipe names, by digest; together at most `assetBytesMax`.
    public var assets: [WorkAsset]

    /// A setup has to fit into one message.
    public static let assetBytesMax = 24 << 20

    public init(recipe: [UInt8], damage: DamagePolicy, limits: WorkLimits, fileMode: UInt32, assets: [WorkAsset] = []) {
        self.recipe = recipe
        self.damage = damage
        self.limits = limits
        self.fileMode = fileMode
        self.assets = assets
    }
}

/// The bytes of a file that all pictures of a job share: a watermark, a mask, a GPX track.
public struct WorkAsset: Hashable, Sendable {
    public var digest: Digest256
    public var bytes: [UInt8]

    public init(digest: Digest256, bytes: [UInt8]) {
        self.digest = digest
        self.bytes = bytes
    }
}
