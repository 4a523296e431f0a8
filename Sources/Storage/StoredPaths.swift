import SpinDomain

/// Keeps paths in the data folder relative, so that the folder can be moved as a whole.
struct StoredPaths {
    /// Absolute, without a slash at its end.
    let folder: String

    func relative(_ path: String) -> String {
        path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.utf8.count + 1)) : path
    }

    func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : folder + "/" + path
    }
}

extension SQLiteStore {
    var paths: StoredPaths { StoredPaths(folder: dataFolder) }
}
