internal import Glibc

/// A system call that failed: which one, on what, and the kernel's reason.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32
    /// The call's name, as in its manual page.
    public let call: String
    /// What it was called on, ready for a person.
    public let subject: String

    public init(_ call: String, _ subject: String, code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// Takes the code from `errno`, so nothing may come between the call and this.
    public static func last(_ call: String, _ subject: String) -> SystemError {
        SystemError(call, subject, code: errno)
    }

    /// The kernel's reason in words, without a full stop.
    public var reason: String { String(cString: strerror(code)) }

    public var description: String { "\(call) \(subject): \(reason)" }

    public var isNotFound: Bool { code == ENOENT || code == ENOTDIR }
    public var isDenied: Bool { code == EACCES || code == EPERM }
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    public var isExisting: Bool { code == EEXIST }
}
