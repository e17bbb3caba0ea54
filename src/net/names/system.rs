//! What the system says of names: its name servers, its search list, its hosts file.

use std::{collections::HashMap, net::IpAddr, path::PathBuf};

/// What the system is configured with.
pub(crate) struct Configuration {
    pub(crate) servers: Vec<IpAddr>,
    /// Domains to try behind a name.
    pub(crate) search: Vec<String>,
    /// With how many dots a name is tried as it is first.
    pub(crate) dots: usize,
}

#[cfg(unix)]
pub(crate) fn configuration() -> Configuration {
    let text = std::fs::read("/etc/resolv.conf").unwrap_or_default();
    let (config, _) = resolv_conf::Config::parse_with_errors(&text);
    Configuration {
        servers: config.nameservers.iter().map(IpAddr::from).collect(),
        search: config.get_last_search_or_domain().filter(|domain| *domain != "--").cloned().collect(),
        dots: config.ndots as usize,
    }
}

#[cfg(not(unix))]
pub(crate) fn configuration() -> Configuration {
    let adapters = ipconfig::get_adapters().unwrap_or_default();
    let mut servers: Vec<IpAddr> = Vec::new();
    for adapter in adapters.iter().filter(|adapter| adapter.oper_status() == ipconfig::OperStatus::IfOperStatusUp) {
        servers.extend(adapter.dns_servers());
    }
    servers.dedup();
    Configuration { servers, search: Vec::new(), dots: 1 }
}

fn hosts_file() -> PathBuf {
    match std::env::var_os("SystemRoot") {
        Some(root) if cfg!(windows) => PathBuf::from(root).join("System32\\drivers\\etc\\hosts"),
        _ => "/etc/hosts".into(),
    }
}

/// The hosts file: an address and its names a line.
pub(crate) fn read_hosts() -> HashMap<String, Vec<IpAddr>> {
    let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
    let text = std::fs::read(hosts_file()).unwrap_or_default();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse::<IpAddr>) else { continue };
        for name in words {
            hosts.entry(name.to_ascii_lowercase()).or_default().push(ip);
        }
    }
    hosts
}
