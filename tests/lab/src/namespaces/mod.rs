//! Two network namespaces with a cable between them, in a user namespace of this process: no root needed.
//!
//! The far side is where the process starts out; the near side has a default route to it and counts what leaves.

mod counter;
mod dns;
mod netlink;
mod route;
mod watch;

use std::{
    fs,
    fs::File,
    net::{Ipv4Addr, UdpSocket},
    os::fd::AsFd,
    path::Path,
};

use anyhow::{Context, Result};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
    unistd::{Gid, Uid},
};

pub use counter::Left;
pub use watch::{Packet, Watch};

const NEAR_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// The far side: servers and the name server listen here. TEST-NET-1 (RFC 5737): nobody's.
pub const FAR_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Where control packets go: TEST-NET-2, behind the default route.
pub const CONTROL_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// The two namespaces. The calling thread is in the far one.
#[derive(Debug)]
pub struct Cable {
    near: File,
    far: File,
}

impl Cable {
    /// Moves this process, which must have one thread only, into namespaces of its own and lays the cable.
    /// `folder` takes the files that names are resolved by.
    ///
    /// # Errors
    /// When this machine does not allow an ordinary user namespaces; the first line of the message says so.
    pub fn lay(folder: &Path) -> Result<Self> {
        enter_user_namespace()?;
        resolve_names_at(FAR_ADDRESS, folder)?;
        let far = this_network()?;
        route::bring_up("lo")?;
        unshare(CloneFlags::CLONE_NEWNET)?;
        let near = this_network()?;
        counter::install()?;
        setns(&far, CloneFlags::CLONE_NEWNET)?;
        let cable = Self { near, far };
        route::add_cable("far", "near", cable.near.as_fd())?;
        route::add_address("far", FAR_ADDRESS)?;
        route::bring_up("far")?;
        cable.at_near_side(|| {
            route::bring_up("lo")?;
            route::without_link_local_address("near")?;
            route::one_packet_at_a_time("near")?;
            route::add_address("near", NEAR_ADDRESS)?;
            route::bring_up("near")?;
            route::add_default_route(FAR_ADDRESS)
        })?;
        dns::serve(FAR_ADDRESS)?;
        Ok(cable)
    }

    /// Does something with this thread at the near side; what it starts stays there.
    ///
    /// # Errors
    /// When the sides cannot be changed, or `act` fails.
    pub fn at_near_side<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        setns(&self.near, CloneFlags::CLONE_NEWNET).context("cannot enter the near side")?;
        let outcome = act();
        setns(&self.far, CloneFlags::CLONE_NEWNET).context("cannot come back from the near side")?;
        outcome
    }

    /// How many packets have left the near side.
    ///
    /// # Errors
    /// When the counters cannot be read.
    pub fn left(&self) -> Result<Left> {
        self.at_near_side(counter::read)
    }

    /// Watches what leaves the near side from now on.
    ///
    /// # Errors
    /// When the kernel has no packet sockets, or refuses.
    pub fn watch(&self) -> Result<Watch> {
        self.at_near_side(|| Watch::begin(NEAR_ADDRESS))
    }

    /// Sends one datagram from the near side to an address that only the default route leads to, and returns how many
    /// packets were counted for it. A route that does not work makes `send_to` fail.
    ///
    /// # Errors
    /// When the datagram cannot be sent.
    pub fn control_packet(&self) -> Result<u64> {
        let before = self.left()?.all;
        self.at_near_side(|| {
            let socket = UdpSocket::bind((NEAR_ADDRESS, 0))?;
            socket.send_to(b"control", (CONTROL_ADDRESS, 9)).context("the route does not work")?;
            Ok(())
        })?;
        Ok(self.left()?.all - before)
    }
}

fn this_network() -> Result<File> {
    File::open("/proc/self/ns/net").context("cannot open this network namespace")
}

fn enter_user_namespace() -> Result<()> {
    let (user, group) = (Uid::current(), Gid::current());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
        .context("this machine does not let an ordinary user make namespaces; use --without namespaces")?;
    fs::write("/proc/self/setgroups", "deny").context("cannot give up setgroups")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1")).context("cannot map this user")?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1")).context("cannot map this group")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>)
        .context("cannot make the mounts private")
}

/// Puts a copy of /etc's own files with another resolv.conf over /etc, for this process and its children: a minimal system
/// has no resolv.conf that one could be bound over.
fn resolve_names_at(server: Ipv4Addr, folder: &Path) -> Result<()> {
    let copy = folder.join("etc");
    fs::create_dir(&copy)?;
    for entry in fs::read_dir("/etc")? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            // What this user may not read, the agent cannot either.
            let _ = fs::copy(&path, copy.join(name));
        }
    }
    let settings = copy.join("resolv.conf");
    let _ = fs::remove_file(&settings);
    fs::write(&settings, format!("nameserver {server}\noptions timeout:1 attempts:2\n"))?;
    fs::write(copy.join("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n")?;
    mount(Some(&copy), "/etc", None::<&str>, MsFlags::MS_BIND, None::<&str>).context("cannot put a copy over /etc")
}
