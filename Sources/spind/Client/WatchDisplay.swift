import Client
import Dispatch
import Foundation
import Glibc
import SpinDomain

/// Shows a watched job: live on a terminal, as plain lines elsewhere, as JSON lines for programs.
final class WatchDisplay {
    private static let secondsBetweenLines = 5.0

    private let printsJSON: Bool
    private let screen: LiveScreen?
    private var signals: StopSignals?
    private var suspension: (any DispatchSourceSignal)?
    private var lineAt = ContinuousClock.now - .seconds(WatchDisplay.secondsBetweenLines)
    private var lastLine = ""
    private var lastTrouble: String?

    init(printsJSON: Bool) {
        self.printsJSON = printsJSON
        screen = printsJSON ? nil : LiveScreen()
        guard let screen else { return }
        signals = StopSignals(hangUp: nil) { _ in
            screen.close()
            _exit(130)
        }
        suspension = Self.suspension(of: screen)
    }

    func show(_ picture: JobPicture, _ news: [ServerEvent]) {
        if let screen {
            screen.draw(picture)
        } else if printsJSON {
            for event in news { Console.say(event.json.text) }
        } else {
            tell(picture, news)
        }
    }

    func close() { screen?.close() }

    private func tell(_ picture: JobPicture, _ news: [ServerEvent]) {
        if picture.trouble != lastTrouble {
            Console.complain(picture.trouble.map { $0 + "; trying again" } ?? "connected again")
            lastTrouble = picture.trouble
        }
        for event in news where event.id != nil { Console.say(JobPicture.line(event.json)) }
        let line = picture.line
        guard line != lastLine, lineAt + .seconds(Self.secondsBetweenLines) < .now else { return }
        Console.say(line)
        (lastLine, lineAt) = (line, .now)
    }

    /// Ctrl-Z: gives the terminal back for as long as the process is stopped.
    private static func suspension(of screen: LiveScreen) -> any DispatchSourceSignal {
        signal(SIGTSTP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(
            signal: SIGTSTP, queue: DispatchQueue(label: "spind.suspension"))
        source.setEventHandler {
            screen.close()
            kill(getpid(), SIGSTOP)
            screen.open()
        }
        source.resume()
        return source
    }
}
