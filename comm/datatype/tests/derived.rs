//! Derived datatypes against their type maps, element by element.

mod model;

use model::{Map, spec};
use olympi_datatype::{Basic, Datatype, Memory, View, signature};
use proptest::prelude::*;

/// Many, unless the environment says how many. Miri takes a thousand times as long.
fn cases() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        _ if cfg!(miri) => ProptestConfig { cases: 6, ..config },
        Some(_) => config,
        None => ProptestConfig { cases: 1500, ..config },
    }
}

/// Where `count` elements lie, and a memory that is just large enough for them: its length, and where 0 lies in it.
fn placed(map: &Map, count: usize) -> (Map, usize, usize) {
    let all = map.block(count);
    let (first, end) = all.data().unwrap_or((0, 0));
    let origin = usize::try_from(-first).unwrap_or(0);
    let room = usize::try_from(end.max(0)).unwrap() + origin;
    (all, room, origin)
}

fn memory(room: usize, salt: u8) -> Vec<u8> {
    (0..room).map(|i| (i * 37 + (i >> 8)) as u8 ^ salt).collect()
}

/// The naive packer.
fn naive_pack(all: &Map, memory: &[u8], origin: usize) -> Vec<u8> {
    let element = |(basic, at): &(Basic, i64)| {
        let start = origin.checked_add_signed(*at as isize).unwrap();
        memory[start..start + basic.size()].to_vec()
    };
    all.entries.iter().flat_map(element).collect()
}

fn naive_unpack(all: &Map, packed: &[u8], memory: &mut [u8], origin: usize) {
    let mut rest = packed;
    for (basic, at) in &all.entries {
        let start = origin.checked_add_signed(*at as isize).unwrap();
        let (element, behind) = rest.split_at(basic.size().min(rest.len()));
        memory[start..start + element.len()].copy_from_slice(element);
        rest = behind;
    }
}

/// The stream in pieces that end at these places.
fn pieces(len: usize, cuts: &[prop::sample::Index]) -> Vec<(usize, usize)> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(len + 1)).chain([0, len]).collect();
    ends.sort_unstable();
    ends.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

fn check_len<M: Memory>(view: &View<M>, all: &Map) {
    assert_eq!((view.len(), view.is_empty()), (all.size(), all.size() == 0));
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn bounds_and_counts_are_those_of_the_type_map(spec in spec()) {
        let (datatype, map) = (spec.datatype().unwrap(), spec.map());
        let (first, end) = map.data().unwrap_or_default();
        prop_assert_eq!((datatype.true_lb(), datatype.true_extent()), (first, end - first));
        prop_assert_eq!((datatype.lb(), datatype.ub(), datatype.extent()), (map.lb(), map.ub(), map.extent()));
        prop_assert_eq!(datatype.size(), map.size() as u64);
        prop_assert_eq!(datatype.signature().elements(), map.entries.len() as u64);
        let class = map.entries.iter().map(|(basic, _)| basic.class()).reduce(signature::join);
        prop_assert_eq!(datatype.signature().class(), class.unwrap_or(signature::UNCHECKED));
        // The same elements, one by one.
        let apart = Datatype::structure(map.entries.iter().map(|(b, at)| (1, *at, Datatype::basic(*b)))).unwrap();
        prop_assert_eq!(apart.signature(), datatype.signature());
    }

    #[test]
    fn packing_is_the_naive_packer(spec in spec(), count in 0_usize..4, cuts in any::<[prop::sample::Index; 4]>()) {
        let datatype = spec.datatype().unwrap();
        let (all, room, origin) = placed(&spec.map(), count);
        let memory = memory(room, 0);
        let view = datatype.view_at(&memory, origin, count).unwrap();
        check_len(&view, &all);
        let expected = naive_pack(&all, &memory, origin);
        prop_assert_eq!(&view.pack(), &expected);
        for (from, to) in pieces(expected.len(), &cuts) {
            let mut piece = vec![0; to - from];
            prop_assert_eq!(view.pack_part(from, &mut piece), to - from);
            prop_assert_eq!(&piece, &expected[from..to]);
        }
        if let Some(bytes) = view.contiguous() {
            prop_assert_eq!(bytes, &expected);
        }
        if datatype.is_contiguous() {
            prop_assert!(view.contiguous().is_some());
        }
    }

    #[test]
    fn unpacking_is_the_naive_one(
        spec in spec(),
        count in 0_usize..4,
        cuts in any::<[prop::sample::Index; 4]>(),
        short in any::<prop::sample::Index>(),
    ) {
        let datatype = spec.datatype().unwrap();
        let (all, room, origin) = placed(&spec.map(), count);
        let packed = memory(all.size(), 0x5a);
        let mut expected = memory(room, 0);
        naive_unpack(&all, &packed, &mut expected, origin);
        let mut once = memory(room, 0);
        prop_assert_eq!(datatype.view_at(&mut once, origin, count).unwrap().unpack(&packed).unwrap(), packed.len());
        prop_assert_eq!(&once, &expected);
        let mut by_pieces = memory(room, 0);
        let mut view = datatype.view_at(&mut by_pieces, origin, count).unwrap();
        for (from, to) in pieces(packed.len(), &cuts) {
            prop_assert_eq!(view.unpack_part(from, &packed[from..to]).unwrap(), to - from);
        }
        prop_assert_eq!(&by_pieces, &expected);
        // A short message fills its part, and no more.
        let short = short.index(packed.len() + 1);
        let mut expected = memory(room, 0);
        naive_unpack(&all, &packed[..short], &mut expected, origin);
        let mut begun = memory(room, 0);
        datatype.view_at(&mut begun, origin, count).unwrap().unpack_part(0, &packed[..short]).unwrap();
        prop_assert_eq!(begun, expected);
    }

    #[test]
    fn elements_of_a_short_message_are_counted(spec in spec(), count in 1_usize..4) {
        let (datatype, map) = (spec.datatype().unwrap(), spec.map());
        let mut end = 0;
        let mut ends = vec![0];
        for (basic, _) in map.block(count).entries {
            end += basic.size();
            ends.push(end);
        }
        for bytes in 0..=end {
            let elements = ends.iter().position(|&end| end == bytes).map(|n| n as u64);
            prop_assert_eq!(datatype.elements_in(bytes as u64), elements, "{} bytes", bytes);
            let whole = (map.size() > 0 && bytes % map.size() == 0).then(|| (bytes / map.size()) as u64);
            prop_assert_eq!(datatype.count_in(bytes as u64), whole.or((end == 0).then_some(0)));
        }
    }

    #[test]
    fn external32_turns_every_element_and_turns_it_back(spec in spec(), count in 0_usize..3) {
        let datatype = spec.datatype().unwrap();
        let (all, room, origin) = placed(&spec.map(), count);
        let memory = memory(room, 0);
        let external = datatype.view_at(&memory, origin, count).unwrap().pack_external().unwrap();
        let mut expected = Vec::new();
        for (basic, at) in &all.entries {
            let start = origin.checked_add_signed(*at as isize).unwrap();
            let part = if matches!(*basic, Basic::COMPLEX_F32 | Basic::COMPLEX_F64) { 2 } else { 1 };
            for number in memory[start..start + basic.size()].chunks(basic.size() / part) {
                expected.extend(number.iter().rev());
            }
        }
        prop_assert_eq!(&external, &expected);
        prop_assert_eq!(datatype.external_size(count), Some(external.len() as u64));
        let mut back = vec![0; room];
        datatype.view_at(&mut back, origin, count).unwrap().unpack_external(&external).unwrap();
        let mut expected = vec![0; room];
        naive_unpack(&all, &naive_pack(&all, &memory, origin), &mut expected, origin);
        prop_assert_eq!(back, expected);
    }

    #[test]
    fn what_does_not_lie_in_the_memory_is_refused(spec in spec(), count in 1_usize..4, less in 1_usize..9) {
        let datatype = spec.datatype().unwrap();
        let (all, room, origin) = placed(&spec.map(), count);
        let (first, end) = all.data().unwrap_or((0, 0));
        if end > 0 {
            let memory = memory(room.saturating_sub(less), 0);
            prop_assert!(datatype.view_at(&memory, origin, count).is_err());
        }
        if first < 0 {
            let memory = memory(room + 8, 0);
            prop_assert!(datatype.view_at(&memory, origin.saturating_sub(less), count).is_err());
        }
    }
}
