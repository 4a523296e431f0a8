import Glibc
import SpinDomain

extension JSONValue {
    /// Writes a line that whoever reads the pipe sees at once.
    func printLine() {
        print(text)
        fflush(nil)
    }
}
