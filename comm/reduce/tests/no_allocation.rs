//! To apply a predefined operation takes no memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use olympi_reduce::{Element, Kind, Operation, Order};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is the system's allocator; the count lives in a cell that is neither allocated nor dropped.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer is of the system's allocator, by `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn predefined_operations_do_not_allocate() {
    let (from, other, mut into) = ([1; 961], [2; 961], [3; 961]);
    for kind in Kind::ALL {
        for element in Element::ALL.into_iter().filter(|element| kind.allows(*element)) {
            if cfg!(miri) && element.name().contains("long double") {
                continue; // Miri knows no instructions of the x87.
            }
            let (before, len) = (COUNT.get(), 48 * 20 / element.size() * element.size());
            let operation = Operation::predefined(kind, element).unwrap();
            let clone = operation.clone();
            clone.apply(&from[1..=len], &mut into[1..=len], Order::FromFirst);
            clone.apply(&from[..len], &mut into[..len], Order::IntoFirst);
            clone.combine(&from[..len], &other[..len], &mut into[1..=len]);
            clone.fold(3, |_| &other[..len], &mut into[..len]);
            assert_eq!(COUNT.get(), before, "{operation:?}");
        }
    }
}
