import Foundation

/// One of the readers of strangers' bytes, for libFuzzer; scripts/fuzz builds and runs it.
///
/// A refusal is fine; a trap, a hang or a reading that changes when it is repeated is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    chosen(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let chosen: @Sendable ([UInt8]) -> Void = {
    let name = ProcessInfo.processInfo.environment["SPIND_FUZZ_READER"] ?? ""
    guard let reader = documentReaders[name] ?? modelReaders[name] else {
        let known = (Array(documentReaders.keys) + Array(modelReaders.keys)).sorted().joined(separator: ", ")
        fatalError("SPIND_FUZZ_READER must be one of: \(known)")
    }
    return reader
}()
