//! Who the masters are, as the nodes of a cluster and sentinels tell it. Of different words the one of the highest epoch counts: a
//! master that was cut off keeps believing in itself.

use std::collections::BTreeMap;

use redis::{RedisError, ServerErrorKind};

use super::keys::N_SLOTS;

/// Hosts and ports of masters, each with its stretches of slots, first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masters {
    /// Of each stretch of slots: first, last, master. In order, without overlaps.
    pub stretches: Vec<(u16, u16, (String, u16))>,
    /// All nodes that are known, replicas too: whom to ask next time.
    pub all: Vec<(String, u16)>,
}

/// Brings together what nodes answer to `CLUSTER NODES`, each with the host it was asked at.
pub fn of_nodes(views: &[(String, String)], tls: bool) -> Masters {
    // Per slot: epoch, and which of the addresses.
    let mut slots: Vec<Option<(u64, usize)>> = vec![None; usize::from(N_SLOTS)];
    let mut addresses: Vec<(String, u16)> = Vec::new();
    for (asked_at, view) in views {
        for line in view.lines() {
            let mut fields = line.split(' ');
            let (Some(_), Some(address), Some(flags)) = (fields.next(), fields.next(), fields.next()) else { continue };
            let Some(address) = address_of(address, asked_at, tls).filter(|_| !flags.contains("noaddr") && !flags.contains("handshake"))
            else {
                continue;
            };
            let nth = addresses.iter().position(|known| *known == address).unwrap_or_else(|| {
                addresses.push(address);
                addresses.len() - 1
            });
            let epoch = fields.nth(3).and_then(|epoch| epoch.parse().ok()).unwrap_or(0);
            if !flags.split(',').any(|flag| flag == "master") {
                continue;
            }
            // After the state of the link, stretches; a slot that moves stands in square brackets.
            for (first, last) in fields.skip(1).filter(|field| !field.starts_with('[')).filter_map(stretch) {
                for slot in slots.iter_mut().take(usize::from(last) + 1).skip(usize::from(first)) {
                    if slot.is_none_or(|(known, _)| epoch > known) {
                        *slot = Some((epoch, nth));
                    }
                }
            }
        }
    }
    let mut stretches: Vec<(u16, u16, (String, u16))> = Vec::new();
    let mut before = None;
    for (slot, owner) in (0..N_SLOTS).zip(slots) {
        let owner = owner.map(|(_, nth)| nth);
        match (owner.and_then(|nth| addresses.get(nth)), stretches.last_mut()) {
            (Some(_), Some(last)) if owner == before => last.1 = slot,
            (Some(address), _) => stretches.push((slot, slot, address.clone())),
            (None, _) => {}
        }
        before = owner;
    }
    Masters { stretches, all: addresses }
}

/// `10.0.0.1:7000@17000,host`; by TLS the name, where there is one, since certificates are for names.
fn address_of(text: &str, asked_at: &str, tls: bool) -> Option<(String, u16)> {
    let mut names = text.split(',');
    let (host, port) = names.next()?.split('@').next()?.rsplit_once(':')?;
    let name = names.next().filter(|name| tls && !name.is_empty() && !name.contains('='));
    let host = name.unwrap_or(if host.is_empty() { asked_at } else { host });
    Some((host.to_owned(), port.parse().ok().filter(|port| *port > 0)?))
}

fn stretch(field: &str) -> Option<(u16, u16)> {
    let (first, last) = field.split_once('-').unwrap_or((field, field));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < N_SLOTS).then_some((first, last))
}

/// Brings together what sentinels answer to `SENTINEL MASTER`.
pub fn of_sentinels(words: &[BTreeMap<String, String>]) -> Masters {
    let read = |word: &BTreeMap<String, String>| {
        let number = |name: &str| word.get(name).and_then(|text| text.parse::<u64>().ok());
        let port = number("port").and_then(|port| u16::try_from(port).ok())?;
        Some((number("config-epoch").unwrap_or(0), (word.get("ip")?.clone(), port)))
    };
    let newest = words.iter().filter_map(read).max();
    let stretches = newest.map(|(_, address)| (0, N_SLOTS - 1, address)).into_iter().collect();
    Masters { stretches, all: Vec::new() }
}

/// Whether the masters may have changed: the command was not run, or its connection is gone.
pub fn may_have_changed(error: &RedisError) -> bool {
    error.is_io_error() || not_run(error)
}

/// Whether the server refused without having run anything, since it is not, or not yet, the one to ask.
pub fn not_run(error: &RedisError) -> bool {
    // What may be added to the list of kinds says nothing of masters.
    matches!(
        error.kind(),
        redis::ErrorKind::Server(
            ServerErrorKind::Moved
                | ServerErrorKind::Ask
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::BusyLoading
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
07c37df 127.0.0.1:30004@31004 slave e7d1eecc 0 1426238317239 4 connected
67ed2db 127.0.0.1:30002@31002,host-2,shard-id=69bc master - 0 1426238316232 2 connected 5461-10922
292f8b3 127.0.0.1:30003@31003 master - 0 1426238318243 3 connected 10923-16382 16383 [93-<-e7d1eecc]
e7d1eec :30001@31001 myself,master - 0 0 1 connected 0-5460 [93->-292f8b3]
";

    #[test]
    fn masters_are_read_from_what_nodes_tell() {
        let address = |port| ("127.0.0.1".to_owned(), port);
        let masters = of_nodes(&[("127.0.0.1".into(), BEFORE.into())], false);
        let expected = vec![(0, 5_460, address(30_001)), (5_461, 10_922, address(30_002)), (10_923, 16_383, address(30_003))];
        assert_eq!(masters.stretches, expected);
        assert_eq!(masters.all, [address(30_004), address(30_002), address(30_003), address(30_001)]);
        let by_tls = of_nodes(&[("127.0.0.1".into(), BEFORE.into())], true);
        assert_eq!(by_tls.stretches[1].2, ("host-2".to_owned(), 30_002));
    }

    #[test]
    fn a_master_that_was_cut_off_is_not_believed() {
        // Node 4 was promoted: epoch 7. Node 1 has not heard of it.
        let after = "\
07c37df 127.0.0.1:30004@31004 myself,master - 0 0 7 connected 0-5460
e7d1eec 127.0.0.1:30001@31001 master,fail - 1 1 1 disconnected
";
        let views = [("127.0.0.1".to_owned(), BEFORE.to_owned()), ("127.0.0.1".to_owned(), after.to_owned())];
        for views in [views.clone(), [views[1].clone(), views[0].clone()]] {
            let masters = of_nodes(&views, false);
            assert_eq!(masters.stretches[0], (0, 5_460, ("127.0.0.1".to_owned(), 30_004)));
            assert_eq!(masters.stretches.len(), 3);
        }
    }

    #[test]
    fn of_sentinels_the_one_that_knows_the_newest_failover_counts() {
        let word = |port: &str, epoch: &str| {
            [("ip", "10.0.0.1"), ("port", port), ("config-epoch", epoch)].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
        };
        let masters = of_sentinels(&[word("6379", "1"), word("6380", "2"), word("6379", "1"), BTreeMap::new()]);
        assert_eq!(masters.stretches, [(0, 16_383, ("10.0.0.1".to_owned(), 6_380))]);
        assert_eq!(of_sentinels(&[]), Masters::default());
    }
}
