import CPCRE2
import SpinDomain

/// A regular expression of a tokenizer file, compiled to machine code by PCRE2.
///
/// Letters and digits are those of PCRE2's own Unicode tables; Debian 12 has version 14, so that a
/// script which came later is cut like symbols.
///
/// `@unchecked Sendable`: compiled code is immutable after `init`, and PCRE2 allows any number of
/// threads to match with it as long as each has its own match data, which `matches` creates.
final class Pattern: @unchecked Sendable {
    private let code: OpaquePointer
    private let source: String

    /// - Throws: `unsupported` for a pattern outside of the common ground of the dialects.
    init(_ source: String) throws {
        self.source = source
        let translated = try PatternSyntax.translate(source)
        let options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE
        var errorCode: Int32 = 0
        var errorOffset = 0
        let context = pcre2_compile_context_create_8(nil)
        defer { pcre2_compile_context_free_8(context) }
        pcre2_set_newline_8(context, UInt32(PCRE2_NEWLINE_LF))
        let bytes = Array(translated.utf8)
        let compiled = pcre2_compile_8(
            bytes, bytes.count, options, &errorCode, &errorOffset, context)
        guard let compiled else {
            throw SpinError(
                .unsupported, "the tokenizer's pattern '\(source)' cannot be compiled",
                hint: "PCRE2 error \(errorCode) at byte \(errorOffset)")
        }
        code = compiled
        // Without a JIT for this processor, matching falls back to the interpreter by itself.
        pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
    }

    deinit {
        pcre2_code_free_8(code)
    }

    /// All matches from left to right, not overlapping, as offsets into the text.
    ///
    /// - Parameter text: valid UTF-8.
    /// - Throws: `unsupported` when the pattern needs more steps than PCRE2 allows.
    func matches(in text: UnsafeBufferPointer<UInt8>) throws -> [Range<Int>] {
        guard let start = text.baseAddress else { return [] }
        let data = pcre2_match_data_create_8(1, nil)
        defer { pcre2_match_data_free_8(data) }
        var ranges: [Range<Int>] = []
        var offset = 0
        while offset <= text.count {
            let result = match(start, text.count, from: offset, data)
            if result == PCRE2_ERROR_NOMATCH { break }
            guard result >= 0, let vector = pcre2_get_ovector_pointer_8(data) else {
                throw SpinError(
                    .unsupported, "the tokenizer's pattern '\(source)' fails on this text",
                    hint: "PCRE2 error \(result)")
            }
            let range = vector[0]..<max(vector[0], vector[1])
            if range.isEmpty {
                if range.lowerBound != ranges.last?.upperBound { ranges.append(range) }
                offset = Self.offset(after: range.upperBound, in: text)
            } else {
                ranges.append(range)
                offset = range.upperBound
            }
        }
        return ranges
    }

    private func match(
        _ start: UnsafePointer<UInt8>, _ count: Int, from offset: Int, _ data: OpaquePointer?
    ) -> Int32 {
        let result = pcre2_match_8(code, start, count, offset, PCRE2_NO_UTF_CHECK, data, nil)
        guard result == PCRE2_ERROR_JIT_STACKLIMIT else { return result }
        // The interpreter keeps its state on the heap: slower, but long texts fit.
        return pcre2_match_8(
            code, start, count, offset, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, nil)
    }

    /// The start of the next character.
    private static func offset(after offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var next = offset + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
