//! Memory given back to the system.

/// Has the allocator return what is free. glibc keeps all that lies below anything still in use, and small pieces anyway:
/// hundreds of megabytes once two hundred thousand trackers have been asked and forgotten.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn give_back() {
    // SAFETY: it has no precondition, and takes the allocator's own locks.
    #[expect(unsafe_code, reason = "a function of the C library")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Other allocators do so by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}
