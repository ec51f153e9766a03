//! Tells the C library's allocator to keep one heap for all threads, and to give back what is free. Allocates nothing.
//!
//! Alerts are allocated by one thread and freed by another, and glibc gives each thread a heap of its own: each of them
//! grows to what the busiest moment needed, and none gives it back. And once a large piece was freed, glibc takes the next
//! ones of its size from the heap too, where batches that come and go leave holes of half a megabyte.

#![expect(unsafe_code, reason = "mallopt(3) and malloc_trim(3) have no safe bindings")]

use nix::libc::{M_ARENA_MAX, M_MMAP_THRESHOLD, c_int, malloc_trim, mallopt};

/// Pieces of this size and more are the system's own pages, and go back to it when they are freed.
const LARGE: c_int = 256 * 1024;

/// Call first, before any other thread is started. What it cannot do stays as it was.
pub fn share_one_heap() {
    for (parameter, value) in [(M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, LARGE)] {
        // SAFETY: mallopt changes a parameter of the allocator under the allocator's own lock, and takes no pointer.
        let _ = unsafe { mallopt(parameter, value) };
    }
}

/// Gives free pages of the heap back to the system, which glibc does of itself only at the heap's end. Takes a tenth of a
/// millisecond.
pub fn give_back() {
    // SAFETY: malloc_trim takes the allocator's own locks, and moves nothing that is in use.
    let _ = unsafe { malloc_trim(0) };
}
