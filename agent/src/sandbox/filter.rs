//! Filters of system calls: classic BPF over `struct seccomp_data` (seccomp(2)). What is refused fails with EACCES and kills
//! nobody.

#![expect(unsafe_code, reason = "seccomp(2) has no safe binding")]

use std::io;

use nix::{
    libc::{
        self, AF_UNIX, BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, EACCES, SECCOMP_FILTER_FLAG_TSYNC,
        SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_SET_MODE_FILTER, c_long, sock_filter, sock_fprog,
    },
    sys::prctl::set_no_new_privs,
};

/// Offsets into `struct seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
/// The lower half of the first argument, on little-endian machines, which these are.
const FIRST_ARGUMENT: u32 = 16;

#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xC000_00B7;
/// Calls of the x32 ABI are of the same architecture with this bit; no native call has it.
const X32: u32 = 0x4000_0000;

/// Which threads of the process a filter holds for. Those they start later inherit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    All,
    #[cfg(test)]
    This,
}

/// A filter, before it is installed.
#[derive(Debug)]
pub(super) struct Filter(Vec<sock_filter>);

impl Filter {
    /// No other program is run any more.
    pub(super) fn against_programs() -> Self {
        let mut filter = Self::of_native_calls();
        filter.refuse(&[libc::SYS_execve, libc::SYS_execveat]);
        filter.0.push(end(SECCOMP_RET_ALLOW));
        filter
    }

    /// No socket but Unix sockets is made any more; nor by io_uring, which a filter does not see into.
    pub(super) fn against_networks() -> Self {
        let mut filter = Self::of_native_calls();
        filter.refuse(&[libc::SYS_io_uring_setup]);
        filter.0.extend([
            unless_equal(word(libc::SYS_socket), 3),
            load(FIRST_ARGUMENT),
            skip_if(BPF_JEQ, AF_UNIX.unsigned_abs(), 1),
            end(refusal()),
            end(SECCOMP_RET_ALLOW),
        ]);
        filter
    }

    /// Refuses what is not called natively, whose numbers mean something else, and loads the number.
    fn of_native_calls() -> Self {
        let native = [load(ARCHITECTURE), skip_if(BPF_JEQ, NATIVE, 1), end(refusal()), load(NUMBER)];
        // Greater or equal: at least the bit.
        let not_x32 = [skip_unless(libc::BPF_JGE, X32, 1), end(refusal())];
        Self(native.into_iter().chain(not_x32).collect())
    }

    fn refuse(&mut self, calls: &[c_long]) {
        for call in calls {
            self.0.extend([unless_equal(word(*call), 1), end(refusal())]);
        }
    }

    /// Has the kernel filter from now on, until the process ends.
    pub(super) fn install(&self, threads: Threads) -> io::Result<()> {
        // An unprivileged process filters itself only when it cannot gain privileges.
        set_no_new_privs()?;
        let len = u16::try_from(self.0.len()).map_err(io::Error::other)?;
        let program = sock_fprog { len, filter: self.0.as_ptr().cast_mut() };
        let flags = if threads == Threads::All { SECCOMP_FILTER_FLAG_TSYNC } else { 0 };
        // SAFETY: the program lives until the call returns; the kernel copies and checks it and writes nothing through it.
        let answer = unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
        match answer {
            0 => Ok(()),
            -1 => Err(io::Error::last_os_error()),
            thread => Err(io::Error::other(format!("thread {thread} has filters of its own"))),
        }
    }
}

const fn refusal() -> u32 {
    SECCOMP_RET_ERRNO | EACCES.unsigned_abs()
}

/// Numbers of calls are small and positive.
fn word(call: c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0)
}

fn end(verdict: u32) -> sock_filter {
    instruction(BPF_RET | BPF_K, verdict, 0, 0)
}

/// Skips so many instructions unless the loaded word is this.
fn unless_equal(word: u32, skipped: u8) -> sock_filter {
    skip_unless(BPF_JEQ, word, skipped)
}

fn skip_unless(test: u32, word: u32, skipped: u8) -> sock_filter {
    instruction(BPF_JMP | test | BPF_K, word, 0, skipped)
}

fn skip_if(test: u32, word: u32, skipped: u8) -> sock_filter {
    instruction(BPF_JMP | test | BPF_K, word, skipped, 0)
}

fn instruction(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    // Codes of classic BPF are below 256.
    sock_filter { code: u16::try_from(code).unwrap_or_default(), jt, jf, k }
}

#[cfg(test)]
mod tests {
    use std::{
        io::ErrorKind,
        net::{TcpStream, UdpSocket},
        os::unix::net::UnixStream,
        process::Command,
        thread,
    };

    use super::*;

    /// On a thread of its own, which ends with its filter.
    fn under<T: Send + 'static>(filter: fn() -> Filter, act: fn() -> T) -> T {
        let filtered = thread::spawn(move || {
            filter().install(Threads::This).unwrap();
            act()
        });
        filtered.join().unwrap()
    }

    fn run_a_program() -> io::Result<()> {
        Command::new("/bin/true").status().map(drop)
    }

    #[test]
    fn a_program_is_refused_and_the_rest_goes_on() {
        assert!(run_a_program().is_ok());
        let (program, socket) =
            under(Filter::against_programs, || (run_a_program(), UdpSocket::bind("127.0.0.1:0").map(drop)));
        assert_eq!(program.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert!(socket.is_ok());
    }

    #[test]
    fn networks_are_refused_and_unix_sockets_are_not() {
        let (tcp, udp, unix) = under(Filter::against_networks, || {
            let tcp = TcpStream::connect("127.0.0.1:9").map(drop);
            (tcp, UdpSocket::bind("[::1]:0").map(drop), UnixStream::pair().map(drop))
        });
        assert_eq!(tcp.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert_eq!(udp.unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert!(unix.is_ok());
    }
}
