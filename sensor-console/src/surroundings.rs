//! Which servers the operating system asks for names and for the time, as its own files say. Read-only: who owns a file
//! changes it. What runs, and whether a server answers, these files do not say.

use std::{fs, path::Path};

use picket_durable::read_bounded;

/// Most bytes of a file.
const MAX_FILE: usize = 64 * 1024;
/// Servers that are shown.
const MOST: usize = 16;
/// Most characters of a name.
const MAX_NAME: usize = 253;

/// Servers, and the file that names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Their names or addresses.
    pub servers: Vec<String>,
    /// Where that stands.
    pub file: String,
}

/// What is known of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// For names.
    pub dns: Option<Named>,
    /// For the time.
    pub time: Option<Named>,
}

/// systemd-resolved's own list; /etc/resolv.conf names resolved itself then.
const RESOLVED: &str = "run/systemd/resolve/resolv.conf";
const RESOLV_CONF: &str = "etc/resolv.conf";
/// What systemd-networkd got from DHCP or its own files.
const NETWORKD: &str = "run/systemd/netif/state";
/// In the order in which Debian's packages displace each other.
const TIME: [(&str, Reader); 6] = [
    ("etc/chrony/chrony.conf", lines_of_ntp),
    ("etc/chrony.conf", lines_of_ntp),
    ("etc/ntpsec/ntp.conf", lines_of_ntp),
    ("etc/ntp.conf", lines_of_ntp),
    ("etc/systemd/timesyncd.conf", assigned_time),
    (NETWORKD, assigned_time),
];
/// Files whose name ends so are read beside, the last name first: it says what holds.
const BESIDE: [(&str, &str, Reader); 2] =
    [("etc/chrony/sources.d", ".sources", lines_of_ntp), ("etc/systemd/timesyncd.conf.d", ".conf", assigned_time)];

type Reader = fn(&str) -> Vec<String>;

/// Reads them under a folder: `/`.
#[must_use]
pub fn read(root: &Path) -> Surroundings {
    Surroundings { dns: dns(root), time: time(root) }
}

fn dns(root: &Path) -> Option<Named> {
    let direct = named(root, RESOLV_CONF, nameservers)?;
    let stub = direct.servers.iter().all(|server| server == "127.0.0.53" || server == "127.0.0.54");
    if stub { named(root, RESOLVED, nameservers).or(Some(direct)) } else { Some(direct) }
}

fn time(root: &Path) -> Option<Named> {
    let beside = BESIDE.iter().flat_map(|(folder, ending, reader)| {
        let mut files: Vec<String> = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.ends_with(ending))
            .map(|name| format!("{folder}/{name}"))
            .collect();
        files.sort_unstable_by(|one, other| other.cmp(one));
        files.into_iter().map(|file| (file, *reader))
    });
    let own = TIME.iter().map(|(file, reader)| ((*file).to_owned(), *reader));
    beside.chain(own).find_map(|(file, reader)| named(root, &file, reader))
}

/// None where the file is not there, or names nobody.
fn named(root: &Path, file: &str, reader: Reader) -> Option<Named> {
    let content = read_bounded(&root.join(file), MAX_FILE).ok()?;
    let sound = |server: &String| server.len() <= MAX_NAME && server.bytes().all(|byte| byte.is_ascii_graphic());
    let servers: Vec<String> =
        reader(&String::from_utf8_lossy(&content)).into_iter().filter(sound).take(MOST).collect();
    (!servers.is_empty()).then(|| Named { servers, file: format!("/{file}") })
}

/// resolv.conf(5).
fn nameservers(text: &str) -> Vec<String> {
    second_words(text, &["nameserver"])
}

/// ntp.conf(5) and chrony.conf(5) begin alike.
fn lines_of_ntp(text: &str) -> Vec<String> {
    second_words(text, &["server", "pool", "peer"])
}

fn second_words(text: &str, keys: &[&str]) -> Vec<String> {
    let second = |line: &str| {
        let mut words = line.split_whitespace();
        let key = words.next()?;
        keys.contains(&key).then(|| words.next().map(str::to_owned)).flatten()
    };
    text.lines().filter_map(second).collect()
}

/// timesyncd.conf(5), and networkd's state; the servers to fall back on where no others are set.
fn assigned_time(text: &str) -> Vec<String> {
    let of = |key: &str| -> Vec<String> {
        let values = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='));
        values.flat_map(str::split_whitespace).map(str::to_owned).collect()
    };
    let set = of("NTP");
    if set.is_empty() { of("FallbackNTP") } else { set }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn machine(files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn seen(files: &[(&str, &str)]) -> (Option<String>, Option<String>) {
        let found = read(machine(files).path());
        let line = |named: Named| format!("{}: {}", named.file, named.servers.join(" "));
        (found.dns.map(line), found.time.map(line))
    }

    #[test]
    fn what_no_file_says_is_not_known() {
        assert_eq!(read(machine(&[]).path()), Surroundings::default());
        let silent = [("etc/resolv.conf", "search plant.example\n"), ("etc/systemd/timesyncd.conf", "[Time]\n#NTP=\n")];
        assert_eq!(seen(&silent), (None, None));
    }

    #[test]
    fn names_the_servers_behind_resolved() {
        let stub = ("etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n");
        let behind = ("run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\nnameserver fe80::1%eth0\n");
        let (dns, _) = seen(&[stub, behind]);
        assert_eq!(dns.as_deref(), Some("/run/systemd/resolve/resolv.conf: 10.0.0.2 fe80::1%eth0"));
        assert_eq!(seen(&[stub]).0.as_deref(), Some("/etc/resolv.conf: 127.0.0.53"));
        let plain = ("etc/resolv.conf", "# mine\nnameserver 192.0.2.1\n");
        assert_eq!(seen(&[plain, behind]).0.as_deref(), Some("/etc/resolv.conf: 192.0.2.1"));
    }

    #[test]
    fn names_time_servers_by_whoever_keeps_the_time() {
        let chrony = ("etc/chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\ndriftfile /x\n");
        let source = ("etc/chrony/sources.d/plant.sources", "server ntp.plant.example iburst\n");
        let timesyncd = ("etc/systemd/timesyncd.conf", "[Time]\nNTP=ntp.one.example ntp.two.example\n");
        let fallback = ("etc/systemd/timesyncd.conf", "[Time]\n#NTP=\nFallbackNTP=0.pool.example\n");
        let networkd = ("run/systemd/netif/state", "OPER_STATE=routable\nDNS=10.0.0.2\nNTP=10.0.0.3\n");
        let time = |files: &[(&str, &str)]| seen(files).1.unwrap();
        assert_eq!(time(&[chrony, timesyncd]), "/etc/chrony/chrony.conf: 2.debian.pool.ntp.org");
        assert_eq!(time(&[chrony, source]), "/etc/chrony/sources.d/plant.sources: ntp.plant.example");
        assert_eq!(time(&[timesyncd]), "/etc/systemd/timesyncd.conf: ntp.one.example ntp.two.example");
        assert_eq!(time(&[fallback]), "/etc/systemd/timesyncd.conf: 0.pool.example");
        assert_eq!(time(&[networkd]), "/run/systemd/netif/state: 10.0.0.3");
    }

    #[test]
    fn a_strange_file_is_bounded() {
        let many = "nameserver 192.0.2.1\n".repeat(1000);
        let found = read(machine(&[("etc/resolv.conf", &many)]).path()).dns.unwrap();
        assert_eq!(found.servers.len(), MOST);
        let long = format!("nameserver {}\nnameserver \u{e9}\n", "x".repeat(300));
        assert_eq!(read(machine(&[("etc/resolv.conf", &long)]).path()).dns, None);
    }
}
