//! Where an outbox item waits: by class, and by the sender it leaves through, so that one that is held up holds up no other.

use crate::engine::Class;

/// The items of one sender at a provider (a configured channel), as a small number made of its name. Two channels may share a lane: they
/// then wait for each other, and nothing else comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u8);

/// How many lanes there are: few enough that a band fits into a score beside its time (see `redis/common.lua`).
pub const N_LANES: u8 = 64;

impl Lane {
    /// Events for other conversations: they leave through no provider.
    pub const HAND_OVER: Self = Self(0);

    /// The lane of a channel.
    pub fn of(channel: &str) -> Self {
        let hash = channel.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self(u8::try_from(hash % u32::from(N_LANES - 1)).unwrap_or(0) + 1)
    }

    /// The lane of a number, below [`N_LANES`].
    pub const fn of_number(number: u8) -> Self {
        Self(number % N_LANES)
    }

    /// Its number, below [`N_LANES`].
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// One class of one lane: what a sender looks into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Band {
    /// Who goes first.
    pub class: Class,
    /// Through which sender.
    pub lane: Lane,
}

impl Band {
    /// All bands of some lanes.
    pub fn all(lanes: &[Lane]) -> Vec<Self> {
        Class::ALL.iter().flat_map(|class| lanes.iter().map(|lane| Self { class: *class, lane: *lane })).collect()
    }

    /// The band of a number.
    pub fn of_number(number: i64) -> Option<Self> {
        let class = *Class::ALL.get(usize::try_from(number / i64::from(N_LANES)).ok()?)?;
        Some(Self { class, lane: Lane(u8::try_from(number % i64::from(N_LANES)).ok()?) })
    }

    /// Its number, below `3 * N_LANES`; classes in their order.
    pub const fn number(self) -> i64 {
        let class = match self.class {
            Class::Safety => 0,
            Class::Interactive => 1,
            Class::Bulk => 2,
        };
        class * N_LANES as i64 + self.lane.0 as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_lanes_of_their_own_and_bands_sort_by_class() {
        let (sms, wa) = (Lane::of("sms"), Lane::of("wa"));
        assert!(sms != wa && sms != Lane::HAND_OVER && wa != Lane::HAND_OVER);
        let numbers: Vec<i64> = Band::all(&[Lane::HAND_OVER, sms]).into_iter().map(Band::number).collect();
        let lane = i64::from(sms.number());
        assert_eq!(numbers, [0, lane, 64, 64 + lane, 128, 128 + lane]);
        assert!(Band::all(&[sms]).into_iter().all(|band| Band::of_number(band.number()) == Some(band)) && Band::of_number(192).is_none());
        assert!((0..1_000).map(|n| Lane::of(&format!("channel-{n}"))).all(|lane| (1..N_LANES).contains(&lane.number())));
    }
}
