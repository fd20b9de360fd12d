//! Derived datatypes by example: errors, values that bytes must not become, and forms that must come out alike.

use olympi_datatype::{
    Axis, Basic, Datatype, DatatypeError, Distribution, Equivalence, Order, PackError, Recipe, ViewError,
};

fn int() -> Datatype {
    Datatype::of::<i32>()
}

#[test]
fn what_is_the_same_is_equal_however_it_was_built() {
    let column = int().vector(4, 1, 8).unwrap();
    assert_eq!(column, int().hvector(4, 1, 32).unwrap());
    assert_eq!(column, int().indexed_block(1, [0, 8, 16, 24]).unwrap());
    assert_eq!(column, int().hindexed((0..4).map(|i| (1, 32 * i))).unwrap());
    assert_eq!(column, Datatype::structure((0..4).map(|i| (1, 32 * i, int()))).unwrap());
    assert_eq!(column, int().vector(2, 1, 8).unwrap().hvector(2, 1, 64).unwrap());
    assert_ne!(column, Datatype::of::<f32>().vector(4, 1, 8).unwrap());
    let block = int().subarray(&[4, 8], &[4, 1], &[0, 0], Order::C).unwrap();
    assert_ne!(column, block, "the bounds differ");
    assert_eq!(column.resized(0, 128).unwrap(), block);
    assert!(int().contiguous(7).unwrap().vector(3, 2, 2).unwrap().is_contiguous());
    assert!(!column.is_contiguous());
}

#[test]
fn a_recipe_tells_how_it_was_built() {
    let column = int().vector(4, 1, 8).unwrap();
    let Recipe::Vector { count: 4, blocklength: 1, stride: 8, of } = column.recipe() else {
        panic!("{:?}", column.recipe())
    };
    assert!(matches!(of.recipe(), Recipe::Basic(Basic::I32)));
    assert!(matches!(column.dup().unwrap().recipe(), Recipe::Dup(of) if *of == column));
    let double_int = Datatype::value_index(&Datatype::of::<f64>(), &int()).unwrap();
    assert_eq!((double_int.size(), double_int.extent()), (12, 16));
    assert!(Datatype::value_index(&column, &int()).unwrap_err().to_string().contains("predefined"));
    assert!(format!("{column:?}").contains("\"vector\""));
}

#[test]
fn rust_types_are_their_elements() {
    #[derive(Clone, Copy, Equivalence)]
    #[equivalence(crate = "olympi_datatype")]
    #[repr(C)]
    struct Mixed {
        a: f64,
        b: [i32; 2],
    }
    assert_eq!(Datatype::of::<[[f64; 3]; 2]>(), Datatype::of::<f64>().contiguous(6).unwrap());
    let mixed = Datatype::of::<Mixed>();
    assert_eq!((mixed.size(), mixed.extent(), mixed.signature().elements()), (16, 16, 1));
    let values = [Mixed { a: 1.0, b: [2, 3] }];
    assert_eq!(mixed.view(&values[..], 1).unwrap().pack_external(), Err(PackError::NotExternal));
    assert_eq!(Datatype::of::<[u8; 0]>().size(), 0);
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let too_large = int().contiguous(usize::MAX).unwrap_err();
    assert!(matches!(too_large, DatatypeError::Overflow { constructor: "contiguous", what: "size" }));
    let far = int().hindexed([(1, i64::MIN), (1, i64::MAX - 4)]).unwrap_err();
    assert!(far.to_string().contains("hindexed: the extent"), "{far}");
    let far = int().vector(2, 1, i64::MAX).unwrap_err();
    assert!(matches!(far, DatatypeError::Overflow { what: "displacement", .. }));
    let out = int().subarray(&[4, 4], &[2, 2], &[0, 3], Order::C).unwrap_err();
    assert!(
        out.to_string().contains("along axis 1, 2 elements from 3 on reach out of an array of 4"),
        "{out}"
    );
    assert!(
        int().subarray(&[4], &[2, 2], &[0], Order::C).is_err()
            && int().subarray(&[], &[], &[], Order::C).is_err()
    );
    let axis = |distribution, processes| [Axis { size: 10, distribution, processes }];
    let darray = |rank, axes: &[Axis]| int().darray(rank, axes, Order::C).map_err(|error| error.to_string());
    assert!(
        darray(2, &axis(Distribution::Block(None), 2)).unwrap_err().contains("rank 2 is not in the grid")
    );
    assert!(darray(0, &axis(Distribution::Block(Some(4)), 2)).unwrap_err().contains("do not cover"));
    assert!(darray(0, &axis(Distribution::None, 2)).unwrap_err().contains("not distributed"));
    assert!(darray(0, &axis(Distribution::Cyclic(Some(0)), 2)).unwrap_err().contains("at least one element"));
    assert!(darray(0, &axis(Distribution::Cyclic(None), 0)).is_err());
}

#[test]
fn nesting_ends_with_an_error_and_not_with_the_stack() {
    let mut datatype = int();
    for depth in 1..=Datatype::DEPTH_MAX + 1 {
        match Datatype::structure([(1, 0, int()), (1, 12, datatype.clone())]) {
            Ok(deeper) if depth <= Datatype::DEPTH_MAX => datatype = deeper,
            Err(DatatypeError::TooDeep { .. }) if depth > Datatype::DEPTH_MAX => {}
            other => panic!("at depth {depth}: {other:?}"),
        }
    }
    let memory: Vec<i32> = (0..4000).collect();
    let packed = datatype.view(&memory, 1).unwrap().pack();
    assert_eq!(packed.len(), 4 * (Datatype::DEPTH_MAX + 1));
    assert_eq!(packed[8..12], 6_i32.to_ne_bytes());
}

#[test]
fn bytes_that_are_no_values_become_zero() {
    let mut flags = [true; 8];
    let every_other = Datatype::of::<bool>().vector(4, 1, 2).unwrap();
    let error = every_other.view(&mut flags[..], 1).unwrap().unpack(&[0, 7, 1, 2]).unwrap_err();
    let PackError::Value(invalid) = error else { panic!("{error}") };
    assert_eq!((invalid.index, invalid.count), (2, 2));
    assert_eq!(flags, [false, true, false, true, true, true, false, true]);
    // Through bytes of another type too: the memory decides what is a value.
    let error = Datatype::of::<u8>().view(&mut flags[4..], 2).unwrap().unpack(&[9, 1]).unwrap_err();
    assert!(matches!(error, PackError::Value(_)) && !flags[4] && flags[5]);
    assert!(Datatype::of::<bool>().view(&mut flags[..], 8).unwrap().contiguous_mut().is_none());
}

#[test]
fn too_few_bytes_change_nothing() {
    let mut numbers = [1_i32; 4];
    let mut view = int().view(&mut numbers[..], 4).unwrap();
    assert_eq!(view.unpack(&[0; 15]), Err(PackError::Short { needed: 16, found: 15 }));
    assert_eq!(view.unpack_external(&[0; 3]), Err(PackError::Short { needed: 16, found: 3 }));
    assert_eq!(view.unpack(&[0; 20]), Ok(16));
    assert_eq!(numbers, [0; 4]);
}

#[test]
fn a_view_is_checked_when_it_is_made() {
    let down = int().hvector(3, 1, -4).unwrap();
    let numbers = [1, 2, 3, 4];
    let error = down.view(&numbers[..], 1).unwrap_err();
    assert!(matches!(error, ViewError::OutOfBounds { first: -8, end: 4, room: 16, .. }));
    assert_eq!(down.view_at(&numbers[..], 12, 1).unwrap().pack(), [4, 3, 2].map(i32::to_ne_bytes).concat());
    assert!(down.view_at(&numbers[..], usize::MAX, 1).is_err());
    assert_eq!(down.view(&numbers[..], 0).unwrap().len(), 0);
    // The memory is small; the elements overlap and are more than can be addressed.
    let same = Datatype::of::<i32>().hvector(1 << 40, 1, 0).unwrap().resized(0, 0).unwrap();
    assert!(matches!(same.view(&numbers[..], 1 << 30).unwrap_err(), ViewError::TooLarge { .. }));
}

#[test]
fn sizes_go_beyond_32_bits() {
    let huge = Datatype::of::<u8>().contiguous(5 << 30).unwrap().vector(3, 1, 2).unwrap();
    assert_eq!((huge.size(), huge.extent()), (15 << 30, 25 << 30));
    assert_eq!((huge.count_in(30 << 30), huge.elements_in((15 << 30) + 7)), (Some(2), Some((15 << 30) + 7)));
}

#[test]
fn raw_memory_packs_in_parts() {
    let matrix: Vec<u16> = (0..24).collect();
    let column = Datatype::of::<u16>().vector(6, 1, 4).unwrap();
    let mut packed = vec![];
    for position in (0..12).step_by(5) {
        let mut piece = [std::mem::MaybeUninit::<u8>::uninit(); 5];
        // SAFETY: the column lies within the matrix.
        let len = unsafe { column.pack_raw(matrix.as_ptr().cast(), 1, position, &mut piece) };
        // SAFETY: so many bytes have been written.
        packed.extend(piece[..len].iter().map(|byte| unsafe { byte.assume_init() }));
    }
    assert_eq!(packed, [0_u16, 4, 8, 12, 16, 20].map(u16::to_ne_bytes).concat());
    let mut back = vec![0_u16; 24];
    for (number, piece) in packed.chunks(7).enumerate() {
        // SAFETY: as above.
        let used = unsafe { column.unpack_raw(back.as_mut_ptr().cast(), 1, 7 * number as u64, piece) };
        assert_eq!(used, piece.len());
    }
    assert!(back.iter().enumerate().all(|(at, &value)| value == if at % 4 == 0 { at as u16 } else { 0 }));
}
