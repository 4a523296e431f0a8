import Client
import Foundation
import Glibc
import Synchronization

/// The lower part of a terminal, drawn again and again in place.
///
/// The cursor is hidden and typed characters are not echoed meanwhile; both come back at the end,
/// at Ctrl-C, and while the process is stopped by Ctrl-Z.
final class LiveScreen: Sendable {
    private struct State {
        var isOpen = false
        var drawnLines = 0
        var size: (width: Int, height: Int)?
    }

    /// As the terminal was before.
    private let settings: termios
    private let state = Mutex(State())
    private let isColored: Bool

    /// Nil where standard output is no terminal that can move its cursor.
    init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
        var settings = termios()
        guard isatty(STDOUT_FILENO) == 1, environment["TERM"] != "dumb",
            tcgetattr(STDOUT_FILENO, &settings) == 0
        else { return nil }
        self.settings = settings
        isColored = (environment["NO_COLOR"] ?? "").isEmpty
        open()
    }

    /// Columns and lines.
    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    func draw(_ picture: JobPicture) {
        let size = size
        // The cursor stands below the last line.
        let lines = picture.frame(width: size.width - 1, height: size.height - 1)
        state.withLock { state in
            guard state.isOpen else { return }
            var text = ""
            if let last = state.size, last != size {
                // Lines may have been broken anew, so that nobody knows how many there are.
                text = "\u{1B}[H\u{1B}[2J"
            } else if state.drawnLines > 0 {
                text = "\u{1B}[\(state.drawnLines)A\r"
            }
            for line in lines {
                text += line.text(width: size.width - 1, isColored: isColored) + "\u{1B}[K\n"
            }
            Self.write(text + "\u{1B}[J")
            state.drawnLines = lines.count
            state.size = size
        }
    }

    /// Hides the cursor, and does not echo what is typed.
    func open() {
        state.withLock { state in
            var quiet = settings
            quiet.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDOUT_FILENO, TCSADRAIN, &quiet)
            Self.write("\u{1B}[?25l")
            state = State(isOpen: true)
        }
    }

    /// Leaves the terminal as it was, with what was drawn last.
    func close() {
        state.withLock { state in
            guard state.isOpen else { return }
            var settings = settings
            Self.write("\u{1B}[?25h")
            tcsetattr(STDOUT_FILENO, TCSADRAIN, &settings)
            state.isOpen = false
        }
    }

    private static func write(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
