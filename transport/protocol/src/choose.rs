//! Which protocol carries a message: pure functions of its length, its mode, and what the transport can do.

use olympi_transport_api::Caps;

use crate::wire::{EAGER_HEADER, SYNC_HEADER};
use crate::{Mode, Thresholds};

/// How a message begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Begin {
    /// In one frame.
    Single,
    /// In a train of frames that waits for nobody.
    Train,
    /// In one frame, whose match is answered.
    Sync,
    /// With an Rts: the message waits at its sender.
    Rendezvous,
}

/// How the bytes of a rendezvous travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Travel {
    /// The receiver fetches them.
    Get,
    /// The sender writes them.
    Put,
    /// In frames, as back-pressure allows.
    Frames,
}

/// How a message of `len` bytes begins.
///
/// A synchronous message is a rendezvous, since its sender must hear of the match; a short one brings its bytes
/// along and saves the round trip.
pub(crate) fn begin(len: usize, mode: Mode, caps: &Caps, thresholds: &Thresholds) -> Begin {
    let eager = len <= eager_max(caps, thresholds);
    match mode {
        Mode::Standard if eager && len <= caps.max_frame - EAGER_HEADER => Begin::Single,
        Mode::Standard if eager => Begin::Train,
        Mode::Synchronous if eager && len <= caps.max_frame - SYNC_HEADER => Begin::Sync,
        _ => Begin::Rendezvous,
    }
}

/// Longest standard message that goes in one frame.
pub(crate) fn single_max(caps: &Caps, thresholds: &Thresholds) -> usize {
    eager_max(caps, thresholds).min(caps.max_frame - EAGER_HEADER)
}

/// Whether the sender of a rendezvous lets its receiver fetch the bytes.
pub(crate) fn offers_get(len: usize, caps: &Caps, thresholds: &Thresholds) -> bool {
    from(caps.get_from, thresholds.get_from).is_some_and(|from| len >= from)
}

/// How the `wanted` bytes of a rendezvous travel, as its receiver decides. To fetch comes first: it is one message fewer,
/// and the sender's processor has nothing to do with it. But where to put begins at a greater length than to fetch, it is
/// meant for what is longer than that.
pub(crate) fn travel(wanted: usize, caps: &Caps, thresholds: &Thresholds, offered: bool) -> Travel {
    let get = from(caps.get_from, thresholds.get_from).filter(|from| offered && wanted >= *from);
    let put = from(caps.put_from, thresholds.put_from).filter(|from| wanted >= *from);
    match (get, put) {
        (Some(get), Some(put)) if put > get => Travel::Put,
        (Some(_), _) => Travel::Get,
        (None, Some(_)) => Travel::Put,
        (None, None) => Travel::Frames,
    }
}

fn eager_max(caps: &Caps, thresholds: &Thresholds) -> usize {
    thresholds.eager_max.unwrap_or(caps.eager_max)
}

/// From which length on something is done that the transport is able to do from some length on.
fn from(able: Option<usize>, told: Option<usize>) -> Option<usize> {
    able.map(|from| told.unwrap_or(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        name: "test",
        max_frame: 1024,
        inline: 56,
        eager_max: 4096,
        get_from: Some(10_000),
        put_from: Some(8_000),
    };

    #[test]
    fn each_length_and_mode_has_its_beginning() {
        let thresholds = Thresholds::default();
        for (len, standard, synchronous) in [
            (0, Begin::Single, Begin::Sync),
            (1000, Begin::Single, Begin::Sync),
            (1001, Begin::Single, Begin::Rendezvous),
            (1008, Begin::Single, Begin::Rendezvous),
            (1009, Begin::Train, Begin::Rendezvous),
            (4096, Begin::Train, Begin::Rendezvous),
            (4097, Begin::Rendezvous, Begin::Rendezvous),
        ] {
            assert_eq!(begin(len, Mode::Standard, &CAPS, &thresholds), standard, "{len} bytes");
            assert_eq!(begin(len, Mode::Synchronous, &CAPS, &thresholds), synchronous, "{len} bytes");
            assert_eq!(len <= single_max(&CAPS, &thresholds), standard == Begin::Single, "{len} bytes");
        }
    }

    #[test]
    fn bytes_travel_by_the_best_way_there_is() {
        let own = Thresholds::default();
        assert_eq!(travel(10_000, &CAPS, &own, true), Travel::Get);
        assert_eq!(travel(10_000, &CAPS, &own, false), Travel::Put);
        assert_eq!(travel(9_999, &CAPS, &own, true), Travel::Put);
        assert_eq!(travel(7_999, &CAPS, &own, true), Travel::Frames);
        assert!(offers_get(10_000, &CAPS, &own) && !offers_get(9_999, &CAPS, &own));
        let late = Caps { put_from: Some(20_000), ..CAPS };
        assert_eq!(travel(19_999, &late, &own, true), Travel::Get);
        assert_eq!(travel(20_000, &late, &own, true), Travel::Put);
        assert_eq!(travel(19_999, &late, &own, false), Travel::Frames);
        let none = Caps { get_from: None, put_from: None, ..CAPS };
        let told = Thresholds { get_from: Some(1), put_from: Some(1), ..own };
        assert_eq!(travel(1, &CAPS, &told, true), Travel::Get);
        assert_eq!(travel(1 << 30, &none, &told, true), Travel::Frames, "a wish gives no ability");
        assert!(!offers_get(1 << 30, &none, &told));
        let eager = Thresholds { eager_max: Some(0), ..own };
        assert_eq!(begin(1, Mode::Standard, &CAPS, &eager), Begin::Rendezvous);
    }
}
