//! Names of keys. Everything of one conversation is in one of 256 virtual shards, and every key of a shard carries the shard's tag in
//! braces, so that one script may touch all of them in a cluster too.
//!
//! ```text
//! in:{t}:s:<id>   string  the conversation, with its header        in:{t}:r    zset    oldest item of each conversation -> when
//! in:{t}:a:<id>   string  where an alias leads                     in:{t}:g    zset    oldest item that was put off -> when decided
//! in:{t}:w:<id>   list    its waiting items, oldest first          in:{t}:due  zset    conversation -> next wake
//! in:{t}:o        hash    outbox id -> sealed item                 in:{t}:j    stream  journal
//! in:{t}:f        hash    outbox id -> ledger of attempts          in:{t}:own  string  "<fence>:<node>", expires
//! in:{t}:p:<outbox id>  string  how far a message got that left, expires
//! in:{t}:m        string  written to wait for replicas behind it, expires
//! in:rl:{<sender>}      hash    how fast a sender may send      in:rl:{<sender>}:<id>  string  the same for one address
//! in:meta  in:nodes  in:rev:<hash>  in:small:<kind>:<keyed hash>  in:n:<kind>:<keyed hash>
//! ```
//! Ids are keyed hashes: no key says anything of an address.

use crate::base::id::{ConversationId, OutboxId, RevisionId};

/// How many virtual shards there are: fixed for the life of a deployment.
pub const N_SHARDS: u16 = 256;
/// Slots of a cluster.
pub const N_SLOTS: u16 = 16_384;
/// What the layout is called in `in:meta`.
pub const LAYOUT: &str = "4 shards=256 tags=hex64";
/// Where the layout and the index key's mark are kept.
pub const META: &str = "in:meta";
/// The nodes that live.
pub const NODES: &str = "in:nodes";

/// The tag of each shard: the shortest hex numbers whose slots (CRC16 mod 16384) fall one in each band of 64 slots, in order of the
/// bands. So shards spread evenly over any number of masters that share the slots in ranges.
#[rustfmt::skip]
const TAGS: [&str; 256] = [
    "2b7", "14", "278", "10", "274", "bd", "21c", "18", "e4", "20d", "cc", "263", "6d", "2c4", "9a", "2c0",
    "ae", "22f", "29", "22b", "25", "2a6", "21", "249", "3", "36", "7", "32", "23e", "f5", "23a", "f1",
    "201", "69", "205", "c6", "209", "61", "2ce", "65", "1a", "2bb", "1e", "2bf", "b1", "212", "b5", "216",
    "3c", "f", "54", "b", "58", "230", "fd", "234", "223", "a0", "227", "a4", "2ac", "43", "433", "2d",
    "2b6", "15", "279", "11", "21f", "be", "21b", "19", "cf", "20e", "cb", "20a", "6e", "2c5", "6a", "2c1",
    "ad", "244", "28", "22c", "24", "2a7", "20", "248", "2", "37", "6", "33", "23d", "f4", "253", "f0",
    "200", "68", "204", "c7", "208", "60", "2cd", "64", "73", "2bc", "1d", "2d4", "b0", "213", "b4", "217",
    "3b", "239", "3f", "c", "59", "231", "fe", "235", "222", "a1", "226", "a5", "2ab", "2a", "2af", "2e",
    "16", "2b5", "12", "2b1", "bf", "21e", "bb", "21a", "20f", "ce", "20b", "ca", "2c6", "6f", "269", "6b",
    "22d", "133", "243", "ac", "2a4", "27", "2a0", "23", "34", "1", "30", "5", "f7", "9", "38", "23c",
    "c0", "203", "c4", "207", "63", "2cc", "67", "2e4", "218", "1c", "2bd", "74", "210", "78", "214", "b7",
    "d", "3a", "2f5", "3e", "232", "fb", "236", "ff", "49", "221", "a6", "225", "2b", "229", "2f", "2ae",
    "17", "2b4", "13", "2b0", "d4", "21d", "bc", "273", "264", "cd", "20c", "e3", "2c7", "9f", "268", "6c",
    "22e", "af", "22a", "ab", "2a5", "26", "2a1", "22", "35", "0", "31", "4", "f6", "8", "39", "23b",
    "c1", "202", "c5", "206", "62", "2cb", "66", "2cf", "219", "1b", "2be", "1f", "211", "79", "215", "b6",
    "e", "53", "a", "3d", "233", "fc", "237", "143", "48", "220", "a7", "224", "2c", "228", "44", "2ad",
];

/// The tag of a shard.
pub fn tag(shard: u16) -> &'static str {
    TAGS.get(usize::from(shard)).copied().unwrap_or("0")
}

/// The shard of a conversation: the fourth byte of its keyed hash.
pub fn shard_of(id: &ConversationId) -> u16 {
    id.as_str().get(6..8).and_then(|digits| u16::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

/// The keys of one shard.
#[derive(Clone, Copy, Debug)]
pub struct Shard(pub u16);

impl Shard {
    /// A key of the shard: `in:{tag}:name`.
    pub fn key(self, name: &str) -> String {
        self.key_of(name, "")
    }

    fn key_of(self, name: &str, id: &str) -> String {
        ["in:{", tag(self.0), "}:", name, id].concat()
    }

    /// The lease.
    pub fn owner(self) -> String {
        self.key("own")
    }

    /// The journal.
    pub fn journal(self) -> String {
        self.key("j")
    }

    /// The items.
    pub fn items(self) -> String {
        self.key("o")
    }

    /// The ledger of attempts.
    pub fn ledger(self) -> String {
        self.key("f")
    }

    /// The oldest item of each conversation.
    pub fn ready(self) -> String {
        self.key("r")
    }

    /// When those of the oldest items were decided that were put off since.
    pub fn put_off(self) -> String {
        self.key("g")
    }

    /// The wakes.
    pub fn wakes(self) -> String {
        self.key("due")
    }

    /// The items of a conversation that wait.
    pub fn waiting(self, id: &ConversationId) -> String {
        self.key_of("w:", id.as_str())
    }

    /// How far a message got that left.
    pub fn sent(self, id: &OutboxId) -> String {
        self.key_of("p:", id.as_str())
    }
}

/// The conversation's own key.
pub fn conversation(id: &ConversationId) -> String {
    Shard(shard_of(id)).key_of("s:", id.as_str())
}

/// An alias's key.
pub fn alias(id: &ConversationId) -> String {
    Shard(shard_of(id)).key_of("a:", id.as_str())
}

/// The seven keys that begin those of every script of one conversation.
pub fn seven(id: &ConversationId) -> Vec<String> {
    let shard = Shard(shard_of(id));
    vec![conversation(id), shard.journal(), shard.items(), shard.ledger(), shard.ready(), shard.waiting(id), shard.put_off()]
}

/// What of a key decides on its slot: what stands in its first braces, all of it where nothing does.
pub fn tag_of(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(tag, _)| tag);
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

/// The slot of a key in a cluster: CRC16 (XMODEM) of its tag, modulo 16,384.
pub fn slot(key: &str) -> u16 {
    let mut crc = 0_u16;
    for byte in tag_of(key).bytes() {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    crc % N_SLOTS
}

/// A revision's key.
pub fn revision(id: &RevisionId) -> String {
    format!("in:rev:{id}")
}

/// A small value's key.
pub fn small(key: &str) -> String {
    format!("in:small:{key}")
}

/// How fast a sender may send: with what its addresses had in a slot of its own, so that one script sees all of it.
pub fn pace(sender: &str) -> String {
    format!("in:rl:{{{sender}}}")
}

/// What one address had of a sender.
pub fn pair(sender: &str, id: &ConversationId) -> String {
    format!("in:rl:{{{sender}}}:{id}")
}

/// A count's key.
pub fn count(key: &str) -> String {
    format!("in:n:{key}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn shards_fall_one_in_each_band_of_slots() {
        // By the specification, and by `CLUSTER KEYSLOT`.
        for (key, expected) in [("123456789", 0x31C3), ("in:{2b7}:s:a", slot("2b7")), ("in:{}:a", 7_623), ("in:meta", 9_720)] {
            assert_eq!(slot(key), expected, "{key}");
        }
        for shard in 0..N_SHARDS {
            assert_eq!(slot(tag(shard)) / 64, shard, "tag {}", tag(shard));
        }
        assert_eq!(TAGS.iter().collect::<BTreeSet<_>>().len(), usize::from(N_SHARDS));
    }

    #[test]
    fn shards_spread_evenly_over_masters() {
        for (n_masters, fewest, most) in [(3_u16, 85, 86), (6, 42, 43), (12, 20, 22)] {
            let mut n = vec![0; usize::from(n_masters)];
            for shard in 0..N_SHARDS {
                n[usize::from(slot(tag(shard))) * usize::from(n_masters) / usize::from(N_SLOTS)] += 1;
            }
            assert!(n.iter().all(|n| (fewest..=most).contains(n)), "{n_masters} masters: {n:?}");
        }
    }

    #[test]
    fn all_keys_of_one_conversation_share_its_tag() {
        let id = ConversationId("000000ff00000000000000000000000a".into());
        assert_eq!(shard_of(&id), 255);
        assert!(seven(&id).iter().all(|key| key.starts_with("in:{2ad}:")), "{:?}", seven(&id));
        assert!(alias(&id).starts_with("in:{2ad}:"));
    }
}
