//! Where a Redis is, by its URL.
//!
//! ```text
//! redis://[user:password@]host:6379/0                          one server; rediss:// by TLS, unix:PATH by a socket
//! redis-cluster://[user:password@]host:7000,host:7001          some of the nodes of a cluster: the others are asked of them
//! redis-sentinel://[user:password@]host:26379,host:26379/NAME[/0]   the sentinels that know the master NAME;
//!                     ?sentinel_user=…&sentinel_password=…     where the sentinels themselves ask for it
//! ```
//! `rediss-cluster` and `rediss-sentinel` go by TLS. A plus serves for the dash. `?protocol=resp3` may be added to each.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::store::contract::StoreError;

/// Addresses named in one URL: more tell nothing new.
const HOSTS: usize = 64;
/// Where sentinels listen.
const SENTINEL_PORT: u16 = 26_379;
/// How the settings of a sentinel's own user are called in the URL.
const SENTINEL_USER: &str = "sentinel_user";
const SENTINEL_PASSWORD: &str = "sentinel_password";

/// Where it is.
#[derive(Debug)]
pub enum Place {
    /// One server.
    One(ConnectionInfo),
    /// Some of the nodes of a cluster.
    Cluster(Vec<ConnectionInfo>),
    /// Sentinels, the name of the master they watch, and how to reach it but for its address.
    Sentinel(Vec<ConnectionInfo>, String, ConnectionInfo),
}

/// The parts of a URL with several hosts.
struct Parts<'a> {
    tls: bool,
    user: &'a str,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: &'a str,
}

impl Place {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] with what to write instead, never with the URL itself.
    pub fn of(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split(':').next().unwrap_or_default().replace('+', "-");
        match scheme.as_str() {
            "redis-cluster" | "rediss-cluster" => cluster(&parts(url, &scheme)?),
            "redis-sentinel" | "rediss-sentinel" => sentinel(&parts(url, &scheme)?),
            _ => Ok(Self::One(info(url)?)),
        }
    }

    /// Whether it is reached by TLS.
    pub fn by_tls(&self) -> bool {
        let first = match self {
            Self::One(info) | Self::Sentinel(_, _, info) => Some(info),
            Self::Cluster(seeds) => seeds.first(),
        };
        first.is_some_and(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }))
    }
}

/// The same server settings at another address.
pub fn at(like: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let addr = match like.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host.to_owned(), port),
    };
    like.clone().set_addr(addr)
}

fn wrong(what: &str) -> StoreError {
    StoreError::Configuration(what.to_owned())
}

fn info(url: &str) -> Result<ConnectionInfo, StoreError> {
    url.into_connection_info().map_err(|error| StoreError::Configuration(format!("the store's URL does not serve: {}", error.category())))
}

fn parts<'a>(url: &'a str, scheme: &str) -> Result<Parts<'a>, StoreError> {
    let Some((_, rest)) = url.split_once("://") else {
        return Err(StoreError::Configuration(format!("`{scheme}:` must be followed by `//` and hosts, as in `{scheme}://10.0.0.1:7000`")));
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hosts: Vec<&str> = hosts.split(',').map(str::trim).collect();
    if hosts.iter().any(|host| host.is_empty()) || hosts.len() > HOSTS {
        return Err(StoreError::Configuration(format!(
            "`{scheme}://` names 1 to {HOSTS} hosts with commas between them, as in `10.0.0.1:7000,10.0.0.2:7000`"
        )));
    }
    Ok(Parts { tls: scheme.starts_with("rediss"), user, hosts, path: path.trim_end_matches('/'), query })
}

impl Parts<'_> {
    fn info(&self, user: &str, host: &str, port: u16, database: &str) -> Result<ConnectionInfo, StoreError> {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let at = if user.is_empty() { "" } else { "@" };
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        let host = if has_port { host.to_owned() } else { format!("{host}:{port}") };
        let protocol = self.query.split('&').find(|pair| pair.starts_with("protocol=")).unwrap_or_default();
        info(&format!("{scheme}://{user}{at}{host}/{database}?{protocol}"))
    }

    fn value(&self, name: &str) -> &str {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

fn cluster(parts: &Parts<'_>) -> Result<Place, StoreError> {
    if !matches!(parts.path, "" | "0") {
        return Err(wrong("a cluster has one database only: leave out what stands behind the hosts of `redis-cluster://`"));
    }
    Ok(Place::Cluster(parts.hosts.iter().map(|host| parts.info(parts.user, host, 6_379, "")).collect::<Result<_, _>>()?))
}

fn sentinel(parts: &Parts<'_>) -> Result<Place, StoreError> {
    let (name, database) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    if name.is_empty() {
        return Err(wrong("`redis-sentinel://` must name the master behind its hosts, as in `redis-sentinel://10.0.0.1:26379/mymaster`"));
    }
    let own = match (parts.value(SENTINEL_USER), parts.value(SENTINEL_PASSWORD)) {
        ("", "") => String::new(),
        (user, password) => format!("{user}:{password}"),
    };
    let sentinels = parts.hosts.iter().map(|host| parts.info(&own, host, SENTINEL_PORT, "")).collect::<Result<_, _>>()?;
    let first = parts.hosts.first().copied().unwrap_or_default();
    Ok(Place::Sentinel(sentinels, name.to_owned(), parts.info(parts.user, first, SENTINEL_PORT, database)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(place: &Place) -> Vec<String> {
        let tell = |info: &ConnectionInfo| {
            let settings = info.redis_settings();
            let user = settings.username().unwrap_or_default();
            format!("{} {user}:{} {}", info.addr(), settings.password().unwrap_or_default(), settings.db())
        };
        match place {
            Place::One(info) => vec![tell(info)],
            Place::Cluster(seeds) => seeds.iter().map(tell).collect(),
            Place::Sentinel(sentinels, name, info) => [name.clone(), tell(info)].into_iter().chain(sentinels.iter().map(tell)).collect(),
        }
    }

    #[test]
    fn a_url_names_one_server_a_cluster_or_sentinels() {
        for (url, expected) in [
            ("redis://u:p@h:1/3", vec!["h:1 u:p 3"]),
            ("redis-cluster://u:p@a:7000,b,[::1]:7002", vec!["a:7000 u:p 0", "b:6379 u:p 0", "::1:7002 u:p 0"]),
            ("redis+cluster://a:7000/0", vec!["a:7000 : 0"]),
            ("redis-sentinel://u:p@a,b:5/mine/2", vec!["mine", "a:26379 u:p 2", "a:26379 : 0", "b:5 : 0"]),
            ("redis-sentinel://:p%2F@a/mine?sentinel_password=s", vec!["mine", "a:26379 :p/ 0", "a:26379 :s 0"]),
        ] {
            assert_eq!(told(&Place::of(url).unwrap()), expected, "{url}");
        }
        assert!(Place::of("rediss-cluster://a:7000").unwrap().by_tls());
        assert!(!Place::of("redis-cluster://a:7000").unwrap().by_tls());
    }

    #[test]
    fn a_url_that_cannot_serve_is_told_without_its_password() {
        for (url, part) in [
            ("redis-cluster:secret", "followed by `//`"),
            ("redis-cluster://u:secret@", "1 to 64 hosts"),
            ("redis-cluster://u:secret@a,,b", "1 to 64 hosts"),
            ("redis-cluster://u:secret@a/3", "one database only"),
            ("redis-sentinel://u:secret@a:26379", "must name the master"),
            ("redis-cluster://u:secret@a:99999", "does not serve"),
            ("redis-sentinel://u:secret@a/mine/x", "does not serve"),
        ] {
            let error = Place::of(url).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
