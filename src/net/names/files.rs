//! What the system's files say of names: the hosts file, the name servers, and whether there are other sources beside these.
//!
//! They are read once for the whole process, off the engine's thread, and again when they have changed: a hosts file may
//! be a block list of hundreds of thousands of lines.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Mutex;

/// How long it is taken for granted that no file has changed.
const LOOKED_AT: Duration = Duration::from_secs(1);
/// The port that name servers listen on.
const PORT: u16 = 53;

/// What the system is configured with.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    pub(super) servers: Vec<SocketAddr>,
    /// Domains to try behind a name.
    pub(super) search: Vec<String>,
    /// With how many dots a name is tried as it is first.
    pub(super) dots: usize,
}

/// All that these files say at a moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) hosts: Arc<Hosts>,
    pub(super) configuration: Arc<Configuration>,
    pub(super) sources: Sources,
}

/// Where the system has names from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sources {
    /// The hosts file and then the name servers, and nothing else: who asks these in the same way gets the system's answer.
    pub(super) is_all: bool,
    /// Name servers among others.
    pub(super) has_servers: bool,
}

/// Where the files are.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) hosts: PathBuf,
    pub(super) resolv_conf: PathBuf,
    pub(super) nsswitch_conf: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        let hosts = match std::env::var_os("SystemRoot") {
            Some(root) if cfg!(windows) => PathBuf::from(root).join("System32\\drivers\\etc\\hosts"),
            _ => "/etc/hosts".into(),
        };
        Self { hosts, resolv_conf: "/etc/resolv.conf".into(), nsswitch_conf: "/etc/nsswitch.conf".into() }
    }
}

/// The files of one process.
#[derive(Debug, Default)]
pub(super) struct Files {
    places: Places,
    current: Mutex<Option<Current>>,
}

#[derive(Clone, Debug)]
struct Current {
    looked_at: Instant,
    hosts: Read<Arc<Hosts>>,
    configuration: Read<Arc<Configuration>>,
    sources: Read<Sources>,
}

impl Files {
    #[cfg(test)]
    pub(super) fn at(places: Places) -> Self {
        Self { places, current: Mutex::default() }
    }

    /// What they say. Whoever comes while they are being read waits for that, and reads nothing.
    pub(super) async fn snapshot(&self) -> Snapshot {
        let mut current = self.current.lock().await;
        if let Some(current) = &*current
            && current.looked_at.elapsed() < LOOKED_AT
        {
            return current.snapshot();
        }
        let (before, places) = (current.clone(), self.places.clone());
        match tokio::task::spawn_blocking(move || Current::read(before, &places)).await {
            Ok(read) => current.insert(read).snapshot(),
            // The engine is ending.
            Err(_) => Snapshot::default(),
        }
    }
}

impl Current {
    fn read(before: Option<Self>, places: &Places) -> Self {
        let looked_at = Instant::now();
        let (hosts, configuration, sources) = match before {
            Some(Self { hosts, configuration, sources, .. }) => (Some(hosts), Some(configuration), Some(sources)),
            None => (None, None, None),
        };
        Self {
            looked_at,
            hosts: Read::renew(hosts, &places.hosts, |bytes| Arc::new(Hosts::parse(&bytes.unwrap_or_default()))),
            configuration: configuration_of(configuration, &places.resolv_conf),
            sources: Read::renew(sources, &places.nsswitch_conf, |bytes| {
                Sources::parse(&bytes.as_deref().map(String::from_utf8_lossy).unwrap_or_default())
            }),
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            hosts: self.hosts.value.clone(),
            configuration: self.configuration.value.clone(),
            sources: self.sources.value,
        }
    }
}

/// What was made of a file, and how that was known by then.
#[derive(Clone, Debug)]
struct Read<T> {
    mark: Option<Mark>,
    value: T,
}

/// How it is known that a file is still the same.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    modified: Option<SystemTime>,
    length: u64,
    /// Its place on the disk, and when its entry there was changed.
    inode: (u64, u64, i64, i64),
}

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let data = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (data.dev(), data.ino(), data.ctime(), data.ctime_nsec())
        };
        #[cfg(not(unix))]
        let inode = (0, 0, 0, 0);
        Some(Self { modified: data.modified().ok(), length: data.len(), inode })
    }
}

impl<T> Read<T> {
    /// Makes a value of a file's bytes, `None` if it cannot be read, unless it is what it was before.
    fn renew(before: Option<Self>, path: &Path, make: impl FnOnce(Option<Vec<u8>>) -> T) -> Self {
        // First this: what changes in between is seen the next time.
        let mark = Mark::of(path);
        match before {
            Some(before) if before.mark == mark => before,
            _ => Self { mark, value: make(fs::read(path).ok()) },
        }
    }
}

#[cfg(unix)]
fn configuration_of(before: Option<Read<Arc<Configuration>>>, path: &Path) -> Read<Arc<Configuration>> {
    Read::renew(before, path, |bytes| {
        let (config, _) = resolv_conf::Config::parse_with_errors(&bytes.unwrap_or_default());
        Arc::new(Configuration {
            servers: config.nameservers.iter().map(|ip| SocketAddr::new(ip.into(), PORT)).collect(),
            search: config.get_last_search_or_domain().filter(|domain| *domain != "--").cloned().collect(),
            dots: config.ndots as usize,
        })
    })
}

/// The system has no file that would show whether it has changed.
#[cfg(not(unix))]
fn configuration_of(before: Option<Read<Arc<Configuration>>>, _: &Path) -> Read<Arc<Configuration>> {
    let adapters = ipconfig::get_adapters().unwrap_or_default();
    let mut servers: Vec<SocketAddr> = Vec::new();
    for adapter in adapters.iter().filter(|adapter| adapter.oper_status() == ipconfig::OperStatus::IfOperStatusUp) {
        servers.extend(adapter.dns_servers().iter().map(|ip| SocketAddr::new(*ip, PORT)));
    }
    servers.dedup();
    match before {
        Some(before) if before.value.servers == servers => before,
        _ => Read { mark: None, value: Arc::new(Configuration { servers, search: Vec::new(), dots: 1 }) },
    }
}

/// Where `nsswitch.conf` tells, or would, of all sources of names. macOS, Windows and Android have others beside their
/// files: name servers for some domains alone, names of the link, a service of their own.
const HAS_THESE_ALONE: bool = cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));

impl Sources {
    /// Those of the `hosts` line of `nsswitch.conf`. Without such a line it is files and then name servers.
    fn parse(nsswitch_conf: &str) -> Self {
        let mut lines = nsswitch_conf.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let line = lines.find_map(|line| line.strip_prefix("hosts")?.trim_start().strip_prefix(':'));
        let sources = || line.unwrap_or("files dns").split_whitespace();
        Self {
            is_all: HAS_THESE_ALONE && sources().eq(["files", "dns"]),
            // systemd's own service asks name servers, too.
            has_servers: sources().any(|source| source == "dns" || source == "resolve"),
        }
    }
}

/// The hosts file: an address and its names a line. Kept as its text, with an index of the names.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    text: Box<str>,
    /// Sorted by name, and within a name as in the file.
    names: Box<[Named]>,
}

/// Where a name stands in the text, and where its line begins.
#[derive(Clone, Copy, Debug)]
struct Named {
    start: u32,
    end: u32,
    line: u32,
}

impl Hosts {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).to_ascii_lowercase().into_boxed_str();
        let mut names = Vec::new();
        let place = |part: &str| u32::try_from(part.as_ptr().addr() - text.as_ptr().addr()).ok();
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            if words.next().is_none_or(|ip| ip.parse::<IpAddr>().is_err()) {
                continue;
            }
            for name in words {
                // What comes after 4 GiB is left out.
                let end = place(name).and_then(|start| start.checked_add(name.len() as u32));
                if let (Some(start), Some(end), Some(line)) = (place(name), end, place(line)) {
                    names.push(Named { start, end, line });
                }
            }
        }
        names.sort_by_key(|named| named.of(&text));
        let names = names.into();
        Self { text, names }
    }

    /// The addresses of a name, which is in small letters.
    pub(super) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let first = self.names.partition_point(|named| named.of(&self.text) < name);
        let named = self.names.iter().skip(first).take_while(|named| named.of(&self.text) == name);
        let lines = named.filter_map(|named| self.text.get(named.line as usize..));
        lines.filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }
}

impl Named {
    fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips<const N: usize>(texts: [&str; N]) -> Vec<IpAddr> {
        texts.map(|text| text.parse().unwrap()).to_vec()
    }

    #[test]
    fn a_hosts_file_is_read_as_the_system_reads_it() {
        let text = "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # comment\n# 1.1.1.1 commented\n  10.0.0.2   a.Example \
                    b.example\r\n10.0.0.3 A.example\nnonsense c.example\nfe80::1%lo d.example\n10.0.0.9 last";
        let hosts = Hosts::parse(text.as_bytes());
        assert_eq!(hosts.addresses("localhost"), ips(["127.0.0.1", "::1"]));
        assert_eq!(hosts.addresses("a.example"), ips(["10.0.0.2", "10.0.0.3"]));
        assert_eq!(hosts.addresses("b.example"), ips(["10.0.0.2"]));
        assert_eq!(hosts.addresses("last"), ips(["10.0.0.9"]));
        for unknown in ["commented", "comment", "c.example", "d.example", "", "example", "a", "nonsense"] {
            assert_eq!(hosts.addresses(unknown), ips([]), "{unknown}");
        }
    }

    #[test]
    fn only_files_and_then_name_servers_are_nothing_else() {
        for (text, expected) in [
            ("hosts: files dns", true),
            ("passwd: files\nhosts:\tfiles  dns # as it comes\n", true),
            ("passwd: files", true),
            ("", true),
            ("hosts: files", false),
            ("hosts: dns", false),
            ("hosts: dns files", false),
            ("hosts: files mdns4_minimal [NOTFOUND=return] dns", false),
            ("hosts: files resolve [!UNAVAIL=return] dns", false),
            ("hosts: files dns myhostname", false),
            ("  hosts : files", false),
            ("# hosts: files dns\nhosts: files", false),
        ] {
            assert_eq!(Sources::parse(text).is_all, expected && HAS_THESE_ALONE, "{text}");
        }
    }

    #[test]
    fn name_servers_are_asked_where_the_system_asks_them() {
        for (text, expected) in [
            ("", true),
            ("hosts: files dns", true),
            ("hosts: files mymachines resolve [!UNAVAIL=return] myhostname", true),
            ("hosts: files", false),
            ("hosts: files mdns4_minimal", false),
        ] {
            assert_eq!(Sources::parse(text).has_servers, expected, "{text}");
        }
    }

    fn scratch(name: &str) -> Places {
        let directory = std::env::temp_dir().join(format!("names-{name}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let [hosts, resolv_conf, nsswitch_conf] = ["hosts", "resolv", "nsswitch"].map(|name| directory.join(name));
        Places { hosts, resolv_conf, nsswitch_conf }
    }

    #[cfg(unix)]
    #[test]
    fn files_are_read_when_they_have_changed_and_not_before() {
        let places = scratch("changed");
        fs::write(&places.hosts, "10.0.0.1 a").unwrap();
        fs::write(&places.resolv_conf, "nameserver 10.0.0.53\nsearch example\noptions ndots:3\n").unwrap();
        fs::write(&places.nsswitch_conf, "hosts: files dns\n").unwrap();
        let first = Current::read(None, &places);
        let servers = |current: &Current| current.configuration.value.servers.clone();
        assert_eq!(servers(&first), [SocketAddr::from(([10, 0, 0, 53], 53))]);
        assert_eq!(first.configuration.value.search, ["example"]);
        assert_eq!((first.configuration.value.dots, first.sources.value.is_all), (3, HAS_THESE_ALONE));

        let same = Current::read(Some(first.clone()), &places);
        assert!(Arc::ptr_eq(&same.hosts.value, &first.hosts.value));
        assert!(Arc::ptr_eq(&same.configuration.value, &first.configuration.value));

        // A file of the same length in its place, as editors and DHCP clients leave it.
        fs::write(places.resolv_conf.with_extension("new"), "nameserver 10.0.0.54\nsearch example\noptions ndots:3\n")
            .unwrap();
        fs::rename(places.resolv_conf.with_extension("new"), &places.resolv_conf).unwrap();
        fs::write(&places.nsswitch_conf, "hosts: files resolve dns\n").unwrap();
        let changed = Current::read(Some(same), &places);
        assert!(Arc::ptr_eq(&changed.hosts.value, &first.hosts.value));
        assert_eq!(servers(&changed), [SocketAddr::from(([10, 0, 0, 54], 53))]);
        assert!(!changed.sources.value.is_all);

        fs::remove_file(&places.hosts).unwrap();
        assert_eq!(Current::read(Some(changed), &places).hosts.value.addresses("a"), ips([]));
        fs::remove_dir_all(places.hosts.parent().unwrap()).unwrap();
    }

    #[tokio::test]
    async fn thousands_who_ask_at_once_read_them_once() {
        let places = scratch("once");
        fs::write(&places.hosts, "10.0.0.1 a").unwrap();
        let files = Arc::new(Files::at(places.clone()));
        let asks: Vec<_> = (0..1000)
            .map(|_| {
                let files = files.clone();
                tokio::spawn(async move { files.snapshot().await.hosts })
            })
            .collect();
        let first = files.snapshot().await.hosts;
        for ask in asks {
            assert!(Arc::ptr_eq(&ask.await.unwrap(), &first));
        }
        fs::remove_dir_all(places.hosts.parent().unwrap()).unwrap();
    }
}
