import Foundation
package import SpinDomain

extension SpinError {
    /// What the operating system answered, as an error of ours.
    package static func fileSystem(
        _ operation: String, _ path: String, _ code: CInt
    ) -> SpinError {
        let message = "cannot \(operation) \(path): \(String(cString: strerror(code)))"
        switch code {
        case ENOENT, ENOTDIR: return SpinError(.notFound, message)
        case ENOSPC, EDQUOT:
            return SpinError(.diskFull, message, hint: "free space on the disk and try again")
        default: return SpinError(.inputOutput, message)
        }
    }
}
