//! What an accumulate combines: elements of one predefined datatype, by a predefined operation (MPI 5.0, section 12.3.4).

use olympi_comm::raw::{Element, Kind, element};
use olympi_comm::{Datatype as Layout, Recipe};

use crate::constants::{MPI_ERR_OP, MPI_ERR_TYPE};
use crate::datatypes::{class_of, is_predefined};
use crate::fault::{Fault, Outcome};
use crate::object::TypeObject;
use crate::operations::{Operator, is_defined, undefined};
use crate::predefined::Class;
use crate::types::Op;

/// The kind of an operation of MPI's own. `MPI_NO_OP` is for calls that fetch.
pub(super) fn kind_of(op: Op, fetches: bool) -> Outcome<Kind> {
    match op.get()? {
        Operator::Predefined(Kind::NoOp) if !fetches => {
            Err(Fault::new(MPI_ERR_OP, "MPI_NO_OP is for calls that fetch what is there"))
        }
        Operator::Predefined(kind) => Ok(kind),
        Operator::User(_) => {
            Err(Fault::new(MPI_ERR_OP, "an accumulate knows no operation of the program's own"))
        }
    }
}

/// What is done, and with which elements. Where there are none (`any`), MPI's programs name datatypes that have no such
/// operation (mpi4py's do), and nothing comes of it.
pub(super) fn combined(kind: Kind, any: bool, datatypes: &[&TypeObject]) -> Outcome<(Kind, Element)> {
    if any { Ok((kind, common(kind, datatypes)?)) } else { Ok((Kind::NoOp, Element::Byte)) }
}

/// What the elements of datatypes are, which is the same of all.
fn common(kind: Kind, datatypes: &[&TypeObject]) -> Outcome<Element> {
    let (mut common, mut last): (_, Option<&TypeObject>) = (None, None);
    for datatype in datatypes {
        // Mostly all are the same one.
        if last.replace(datatype).is_some_and(|last| std::ptr::eq(last, *datatype)) {
            continue;
        }
        let Some(element) = element_of(kind, datatype)? else { continue };
        if *common.get_or_insert(element) != element {
            let detail = "the datatypes of origin, result and target are made of different predefined ones";
            return Err(Fault::new(MPI_ERR_TYPE, detail));
        }
    }
    // Of no elements at all any do.
    Ok(common.unwrap_or(Element::Byte))
}

/// What the elements of a datatype are; `None`: it has none.
fn element_of(kind: Kind, object: &TypeObject) -> Outcome<Option<Element>> {
    let mut ground = None;
    if !ground_of(&object.datatype, &mut ground) {
        return Err(Fault::new(MPI_ERR_TYPE, "the datatype is not made of one predefined datatype alone"));
    }
    let Some(ground) = ground else { return Ok(None) };
    // Whatever can be sent can be replaced.
    let found = if matches!(kind, Kind::Replace | Kind::NoOp) {
        element(kind, ground).or_else(|| of_size(ground.size()))
    } else if is_defined(kind, class_of(ground)) {
        element(kind, ground)
    } else {
        None
    };
    found.map(Some).ok_or_else(|| undefined(kind, object))
}

/// Elements that are but moved.
fn of_size(size: u64) -> Option<Element> {
    Some(match size {
        1 => Element::Byte,
        2 => Element::U16,
        4 => Element::U32,
        8 => Element::U64,
        16 => Element::U128,
        32 => Element::ComplexLongDouble,
        _ => return None,
    })
}

/// The predefined datatype that a datatype is made of, if it was not found before; `false`: it is made of another one too.
fn ground_of<'a>(datatype: &'a Layout, found: &mut Option<&'a Layout>) -> bool {
    match datatype.recipe() {
        Recipe::Basic(_) | Recipe::ValueIndex { .. } => *found.get_or_insert(datatype) == datatype,
        Recipe::Dup(of)
        | Recipe::Contiguous { of, .. }
        | Recipe::Vector { of, .. }
        | Recipe::Hvector { of, .. }
        | Recipe::Indexed { of, .. }
        | Recipe::Hindexed { of, .. }
        | Recipe::IndexedBlock { of, .. }
        | Recipe::HindexedBlock { of, .. }
        | Recipe::Subarray { of, .. }
        | Recipe::Darray { of, .. }
        | Recipe::Resized { of, .. } => ground_of(of, found),
        Recipe::Struct { blocks } => {
            blocks.iter().filter(|(count, ..)| *count > 0).all(|(_, _, of)| ground_of(of, found))
        }
        _ => false,
    }
}

/// A datatype of `MPI_Fetch_and_op`, which is predefined.
pub(super) fn alone(object: &TypeObject) -> Outcome {
    if is_predefined(object) {
        return Ok(());
    }
    Err(Fault::new(MPI_ERR_TYPE, "the call is for one element of a predefined datatype"))
}

/// A datatype of `MPI_Compare_and_swap`: an integer, a truth value or a byte (MPI 5.0, section 12.3.4.4).
pub(super) fn comparable(object: &TypeObject) -> Outcome {
    alone(object)?;
    if matches!(class_of(&object.datatype), Class::Integer | Class::Logical | Class::Byte) {
        return Ok(());
    }
    Err(Fault::new(
        MPI_ERR_TYPE,
        "integers, truth values and bytes are compared and swapped, and nothing else",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants::*;
    use crate::predefined::{ALL, SIZED};
    use crate::types::Datatype;

    fn of(handle: usize) -> &'static TypeObject {
        Datatype(handle).get().unwrap()
    }

    fn made(layout: Layout) -> TypeObject {
        TypeObject::new(layout)
    }

    #[test]
    fn whatever_can_be_sent_can_be_replaced_and_fetched() {
        for predefined in ALL.iter().chain(&SIZED) {
            for kind in [Kind::Replace, Kind::NoOp] {
                let element = common(kind, &[of(predefined.handle)]).unwrap();
                assert_eq!(
                    element.size() as u64,
                    of(predefined.handle).datatype.size(),
                    "{}",
                    predefined.name
                );
            }
        }
    }

    #[test]
    fn operations_are_defined_as_for_reductions() {
        assert_eq!(common(Kind::Sum, &[of(MPI_INT), of(MPI_INT)]).unwrap(), Element::I32);
        assert_eq!(common(Kind::MaximumLocation, &[of(MPI_DOUBLE_INT)]).unwrap(), Element::F64I32);
        for (kind, handle) in [
            (Kind::Sum, MPI_CHAR),
            (Kind::Sum, MPI_BYTE),
            (Kind::Sum, MPI_2INT),
            (Kind::BitwiseAnd, MPI_DOUBLE),
            (Kind::MinimumLocation, MPI_INT),
        ] {
            assert_eq!(common(kind, &[of(handle)]).unwrap_err().code, MPI_ERR_OP);
        }
        assert!(combined(Kind::Sum, true, &[of(MPI_BYTE)]).is_err());
        assert_eq!(combined(Kind::Sum, false, &[of(MPI_BYTE)]).unwrap(), (Kind::NoOp, Element::Byte));
        assert_eq!(kind_of(Op(MPI_NO_OP), true).unwrap(), Kind::NoOp);
        assert_eq!(kind_of(Op(MPI_NO_OP), false).unwrap_err().code, MPI_ERR_OP);
        assert_eq!(kind_of(Op::NULL, true).unwrap_err().code, MPI_ERR_OP);
    }

    #[test]
    fn derived_datatypes_are_made_of_one_predefined() {
        let [int, double] = [MPI_INT, MPI_DOUBLE].map(|handle| of(handle).datatype.clone());
        let rows = made(int.vector(3, 2, 5).unwrap().resized(0, 64).unwrap());
        let record = made(Layout::structure([(2, 0, int.clone()), (1, 16, rows.datatype.clone())]).unwrap());
        assert_eq!(common(Kind::Sum, &[of(MPI_INT), &rows, &record]).unwrap(), Element::I32);
        let mixed = made(Layout::structure([(1, 0, int.clone()), (1, 8, double.clone())]).unwrap());
        assert_eq!(common(Kind::Replace, &[&mixed]).unwrap_err().code, MPI_ERR_TYPE);
        let none = made(Layout::structure([(1, 0, int.clone()), (0, 8, double)]).unwrap());
        assert_eq!(common(Kind::Sum, &[&none]).unwrap(), Element::I32);
        assert_eq!(common(Kind::Sum, &[of(MPI_DOUBLE), &rows]).unwrap_err().code, MPI_ERR_TYPE);
        assert_eq!(alone(&rows).unwrap_err().code, MPI_ERR_TYPE);
        let pair = made(of(MPI_2INT).datatype.contiguous(3).unwrap());
        assert_eq!(common(Kind::MinimumLocation, &[&pair, of(MPI_2INT)]).unwrap(), Element::I32I32);
    }

    #[test]
    fn integers_bytes_and_truth_values_are_compared() {
        assert!(
            [MPI_INT, MPI_AINT, MPI_BYTE, MPI_C_BOOL, MPI_UINT64_T]
                .iter()
                .all(|one| comparable(of(*one)).is_ok())
        );
        for one in [MPI_DOUBLE, MPI_2INT, MPI_PACKED] {
            assert_eq!(comparable(of(one)).unwrap_err().code, MPI_ERR_TYPE);
        }
    }
}
