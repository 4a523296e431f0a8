import ArgumentParser
import Operating

/// `spind config`: what `spind serve` would go by.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print every setting of spind serve with its source, as a configuration file.",
        discussion: """
            A flag counts before a variable of the environment, that before the file of --config,
            that before the default. --allow-host is SPIND_ALLOW_HOST and allow_host. Lists are
            separated by commas in the environment. SPIND_ADMIN_KEY, or a file that
            SPIND_ADMIN_KEY_FILE names, holds a key with the scope admin that is stored nowhere.
            """)

    @OptionGroup var options: ServeOptions

    func run() throws {
        print(try options.effective().description, terminator: "")
    }
}
