//! Tells the C library's allocator to keep one heap for all threads. Allocates nothing.
//!
//! Alerts are allocated by one thread and freed by another, and glibc gives each thread a heap of its own: each of them
//! grows to what the busiest moment needed, and none gives it back.

#![expect(unsafe_code, reason = "mallopt(3) has no safe binding")]

use nix::libc::{M_ARENA_MAX, mallopt};

/// Call first, before any other thread is started. What it cannot do stays as it was.
pub fn share_one_heap() {
    // SAFETY: mallopt changes a parameter of the allocator under the allocator's own lock, and takes no pointer.
    let _ = unsafe { mallopt(M_ARENA_MAX, 1) };
}
