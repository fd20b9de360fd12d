//! Where a rank can be reached: which addresses are told to peers, and in which order a peer's are tried.
//!
//! An address on the wire, at most [`LIMIT`] bytes, all numbers little-endian:
//! version `u8`, host `u64`, port `u16`, and then for each address 4 or 6 as a `u8`, the length of its subnet's
//! prefix as a `u8`, and its 4 or 16 bytes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::{Config, Family};
use crate::sys::Interface;

/// The longest address.
pub(crate) const LIMIT: usize = 200;
const VERSION: u8 = 1;

/// All ways to reach one rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Names the host, and the network namespace in it: within one, loopback leads from rank to rank.
    pub host: u64,
    /// The port that it listens on.
    pub port: u16,
    /// Its addresses with the lengths of their subnets' prefixes.
    pub addresses: Vec<(IpAddr, u8)>,
}

impl Reach {
    /// The bytes for peers. Addresses that do not fit are left out, from the end.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.host.to_le_bytes());
        bytes.extend(self.port.to_le_bytes());
        for &(address, prefix) in &self.addresses {
            let before = bytes.len();
            match address {
                IpAddr::V4(v4) => {
                    bytes.extend([4, prefix]);
                    bytes.extend(v4.octets());
                }
                IpAddr::V6(v6) => {
                    bytes.extend([6, prefix]);
                    bytes.extend(v6.octets());
                }
            }
            if bytes.len() > LIMIT {
                bytes.truncate(before);
            }
        }
        bytes
    }

    /// Reads what a peer has published.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        const SHORT: &str = "it ends too early";
        if bytes.len() > LIMIT {
            return Err("it is longer than 200 bytes");
        }
        let (&version, rest) = bytes.split_first().ok_or(SHORT)?;
        if version != VERSION {
            return Err("it is of another version; use one version of Olympi in a job");
        }
        let (&host, rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let (&port, mut rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let mut addresses = Vec::new();
        while let Some((&[family, prefix], tail)) = rest.split_first_chunk() {
            let (address, longest) = match family {
                4 => {
                    let (&octets, tail) = tail.split_first_chunk::<4>().ok_or(SHORT)?;
                    rest = tail;
                    (IpAddr::from(octets), 32)
                }
                6 => {
                    let (&octets, tail) = tail.split_first_chunk::<16>().ok_or(SHORT)?;
                    rest = tail;
                    (IpAddr::from(octets), 128)
                }
                _ => return Err("it holds an address that is neither IPv4 nor IPv6"),
            };
            if prefix > longest {
                return Err("a subnet's prefix is longer than its address");
            }
            if address.is_unspecified() || address.is_multicast() {
                return Err("it holds an address that no one can have");
            }
            addresses.push((address, prefix));
        }
        if !rest.is_empty() {
            return Err(SHORT);
        }
        let port = u16::from_le_bytes(port);
        if port == 0 || addresses.is_empty() {
            return Err("it holds no address or no port");
        }
        Ok(Self { host: u64::from_le_bytes(host), port, addresses })
    }

    /// Where to dial this peer from a host that has `ours`, best first: loopback within a host (and only there),
    /// then addresses on a subnet of ours, the narrowest first, then the peer's own order.
    pub(crate) fn candidates(&self, host: u64, ours: &[(IpAddr, u8)], family: Family) -> Vec<SocketAddr> {
        let mut ranked: Vec<(u8, SocketAddr)> = Vec::new();
        for &(address, prefix) in &self.addresses {
            if !family.has(address) {
                continue;
            }
            let shared = ours.iter().filter(|&&(our, p)| p == prefix && within(address, our, prefix));
            let score = match (address.is_loopback(), shared.map(|&(_, p)| p).max()) {
                (true, _) if self.host == host => 255,
                (true, _) => continue,
                (false, Some(prefix)) => 1 + prefix,
                (false, None) => 0,
            };
            ranked.push((score, SocketAddr::new(address, self.port)));
        }
        ranked.sort_by_key(|&(score, _)| std::cmp::Reverse(score));
        ranked.into_iter().map(|(_, address)| address).collect()
    }
}

impl Family {
    pub(crate) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// Which of this host's addresses are told to peers, best first.
pub(crate) fn choose(interfaces: &[Interface], config: &Config) -> Vec<(IpAddr, u8)> {
    let rule = Rule::parse(&config.interfaces);
    let usable = |i: &&Interface| i.running && config.family.has(i.address) && !link_local(i.address);
    let rest = || interfaces.iter().filter(usable).filter(|i| !i.loopback && rule.takes(i));
    let is_virtual =
        |i: &&Interface| ["docker", "veth", "virbr", "br-"].iter().any(|p| i.name.starts_with(p));
    // Who names interfaces gets them, whatever their kind.
    let mut chosen: Vec<&Interface> =
        if rule.names_its_choice() { rest().collect() } else { rest().filter(|i| !is_virtual(i)).collect() };
    if chosen.is_empty() {
        chosen = rest().collect();
    }
    // IPv4 first: a cluster's IPv6 is configured more rarely than it is present.
    chosen.sort_by_key(|i| i.address.is_ipv6());
    // Loopback is short and serves most pairs of a small job, so it goes where it cannot be cut off.
    let loopback = interfaces
        .iter()
        .filter(usable)
        .filter(|i| i.loopback && i.address.is_loopback() && !rule.excludes(i));
    loopback.chain(chosen).map(|i| (i.address, i.prefix)).collect()
}

/// Names this host and its network namespace to a peer.
pub(crate) fn host() -> u64 {
    // Where these cannot be read, hosts look alike; loopback is then tried across hosts, and the proof fails
    // there, so the next address is taken.
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/net").unwrap_or_default();
    // Equal on all ranks that run the same program; others prefer another way, which works too.
    let mut hasher = DefaultHasher::new();
    (boot, namespace).hash(&mut hasher);
    hasher.finish()
}

/// The names of interfaces, for an error.
pub(crate) fn names(interfaces: &[Interface]) -> String {
    let mut names: Vec<&str> = interfaces.iter().map(|i| i.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// The setting that chooses among the interfaces.
struct Rule {
    exclude: bool,
    patterns: Vec<Pattern>,
}

enum Pattern {
    Name(String),
    Begins(String),
    Subnet(IpAddr, u8),
}

impl Rule {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let (exclude, list) = text.strip_prefix('^').map_or((false, text), |list| (true, list));
        let patterns = list.split(',').map(str::trim).filter(|p| !p.is_empty()).map(Pattern::parse).collect();
        Self { exclude, patterns }
    }

    fn matches(&self, i: &Interface) -> bool {
        self.patterns.iter().any(|p| match p {
            Pattern::Name(name) => i.name == *name,
            Pattern::Begins(start) => i.name.starts_with(start.as_str()),
            Pattern::Subnet(net, prefix) => within(i.address, *net, *prefix),
        })
    }

    fn names_its_choice(&self) -> bool {
        !self.exclude && !self.patterns.is_empty()
    }

    fn excludes(&self, i: &Interface) -> bool {
        self.exclude && self.matches(i)
    }

    fn takes(&self, i: &Interface) -> bool {
        if self.names_its_choice() { self.matches(i) } else { !self.excludes(i) }
    }
}

impl Pattern {
    fn parse(text: &str) -> Self {
        if let Some((net, prefix)) = text.split_once('/')
            && let (Ok(net), Ok(prefix)) = (net.parse(), prefix.parse())
        {
            return Self::Subnet(net, prefix);
        }
        match text.strip_suffix('*') {
            Some(start) => Self::Begins(start.to_owned()),
            None => Self::Name(text.to_owned()),
        }
    }
}

fn within(address: IpAddr, net: IpAddr, prefix: u8) -> bool {
    match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(n)) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
            (a.to_bits() ^ n.to_bits()) & mask == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
            (a.to_bits() ^ n.to_bits()) & mask == 0
        }
        _ => false,
    }
}

/// Such an address means something else on each link, so it cannot be told to others.
fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => Ipv4Addr::is_link_local(&a),
        IpAddr::V6(a) => Ipv6Addr::is_unicast_link_local(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, address: &str, prefix: u8) -> Interface {
        let address: IpAddr = address.parse().unwrap();
        Interface { name: name.into(), address, prefix, running: true, loopback: address.is_loopback() }
    }

    fn host_with_everything() -> Vec<Interface> {
        vec![
            interface("lo", "127.0.0.1", 8),
            interface("docker0", "172.17.0.1", 16),
            interface("eth0", "fd00::2", 64),
            interface("eth0", "10.1.0.2", 16),
            interface("ib0", "10.2.0.2", 24),
            interface("eth0", "fe80::1", 64),
        ]
    }

    fn chosen(setting: &str) -> Vec<String> {
        let config = Config { interfaces: setting.into(), ..Config::default() };
        choose(&host_with_everything(), &config).iter().map(|(a, _)| a.to_string()).collect()
    }

    #[test]
    fn virtual_interfaces_only_if_there_is_nothing_else() {
        assert_eq!(chosen(""), ["127.0.0.1", "10.1.0.2", "10.2.0.2", "fd00::2"]);
        assert_eq!(chosen("^eth*,ib0"), ["127.0.0.1", "172.17.0.1"]);
        assert_eq!(chosen("docker0"), ["127.0.0.1", "172.17.0.1"]);
        assert_eq!(chosen("10.2.0.0/16"), ["127.0.0.1", "10.2.0.2"]);
        assert_eq!(chosen("^lo,docker0"), ["10.1.0.2", "10.2.0.2", "fd00::2"]);
    }

    #[test]
    fn a_link_that_is_down_is_not_told() {
        let mut all = host_with_everything();
        all.iter_mut().filter(|i| i.name == "eth0").for_each(|i| i.running = false);
        let told = choose(&all, &Config::default());
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn loopback_within_a_host_and_the_same_subnet_first() {
        let addresses = choose(&host_with_everything(), &Config::default());
        let reach = Reach { host: 5, port: 99, addresses };
        let ours = [("10.2.0.7".parse().unwrap(), 24)];
        let order = |host| -> Vec<String> {
            reach.candidates(host, &ours, Family::Any).iter().map(ToString::to_string).collect()
        };
        assert_eq!(order(5), ["127.0.0.1:99", "10.2.0.2:99", "10.1.0.2:99", "[fd00::2]:99"]);
        assert_eq!(order(6), ["10.2.0.2:99", "10.1.0.2:99", "[fd00::2]:99"]);
        assert!(reach.candidates(5, &ours, Family::V6).iter().all(SocketAddr::is_ipv6));
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_end() {
        let addresses: Vec<(IpAddr, u8)> =
            (0..30_u128).map(|i| (IpAddr::from(Ipv6Addr::from_bits(1 << 100 | i)), 64)).collect();
        let bytes = Reach { host: 1, port: 2, addresses: addresses.clone() }.encode();
        assert!(bytes.len() <= LIMIT);
        let back = Reach::decode(&bytes).unwrap();
        assert_eq!(back.addresses, addresses[..back.addresses.len()]);
        assert!(back.addresses.len() >= 10);
    }

    #[test]
    fn arbitrary_bytes_never_panic() {
        proptest::proptest!(|(bytes: Vec<u8>)| {
            if let Ok(reach) = Reach::decode(&bytes) {
                proptest::prop_assert_eq!(reach.encode(), bytes);
            }
        });
    }
}
