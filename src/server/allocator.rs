//! The allocator. Imports and requests allocate many small objects and often free them on another thread.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// A function of the C library that the crate links and does not declare. It may be called at any time.
unsafe extern "C" {
    safe fn mi_collect(force: bool);
}

/// Returns memory that this thread has freed to the system, which otherwise happens only as more is allocated
/// and freed: a server that has just loaded its data, and waits, would keep twice as much.
pub fn release() {
    mi_collect(true);
}
