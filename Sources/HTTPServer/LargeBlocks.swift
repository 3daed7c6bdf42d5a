import CHTTP

/// How the C library's allocator treats memory for large bodies.
public enum LargeBlocks {
    /// From this size on a block is asked of the kernel by itself, and goes back to it when it is let go.
    public static let bytesMin = 1 << 20

    /// Holds the allocator of the whole process to ``bytesMin``. Called once, when a server starts.
    ///
    /// Otherwise it raises its own bound, up to 32 MB, each time a large block is let go, and keeps later ones in pieces:
    /// after a hundred bodies of 15 MB at once the idle server held 252 MB, and 346 MB in between. With this bound, set through
    /// the library's environment, it was 29 and 188.
    public static func giveBackAtOnce() { chttp_give_back_blocks(Int32(bytesMin)) }
}
