internal import Foundation
internal import GRDB

/// A blob for a statement.
func data(_ bytes: [UInt8]) -> Data { Data(bytes) }

/// A blob column as bytes; nil for NULL.
func bytes(_ row: Row, _ column: Int) -> [UInt8]? {
    (row[column] as Data?).map { Array($0) }
}

/// Runs database work and turns what GRDB throws into this module's error, with what was being done.
///
/// - Parameter file: the database, where it may be the file itself that is at fault.
func translated<Result>(_ doing: String, file: String? = nil, _ body: () throws -> Result) throws(JobStoreError) -> Result {
    do {
        return try body()
    } catch let error as JobStoreError {
        throw error
    } catch let error as DatabaseError {
        if let file, error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB {
            throw .damaged(file: file, findings: error.message ?? "SQLite code \(error.extendedResultCode.rawValue)")
        }
        throw .database(
            doing: doing, message: error.message ?? "SQLite code \(error.extendedResultCode.rawValue)",
            isFull: error.resultCode == .SQLITE_FULL)
    } catch {
        throw .database(doing: doing, message: "\(error)", isFull: false)
    }
}
