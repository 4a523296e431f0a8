import CMicroHTTPD

/// A connection of libmicrohttpd that can be put to sleep and woken up.
///
/// Sendable, because the pointer stays valid while the connection is suspended, `resume` may be
/// called on any thread, and every holder drops the handle under its lock as it resumes.
struct ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// To be called from libmicrohttpd's own callbacks only.
    func suspend() { MHD_suspend_connection(pointer) }

    func resume() { MHD_resume_connection(pointer) }
}
