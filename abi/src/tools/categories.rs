//! Categories: variables by what they are about (MPI 5.0, section 15.3.9).

use std::ffi::{c_char, c_int};

use olympi_comm::SettingGroup;

use super::{Told, answer, call, cvars, index, name, offer, offer_text, pvars};
use crate::constants::{MPI_T_ERR_INVALID, MPI_T_ERR_INVALID_NAME};

struct Category {
    name: &'static str,
    meaning: &'static str,
    group: SettingGroup,
}

const ALL: [Category; 7] = [
    Category { name: "job", meaning: "what the launcher tells", group: SettingGroup::Job },
    Category {
        name: "messages",
        meaning: "messages over whatever transport: settings, and what is under way",
        group: SettingGroup::Messages,
    },
    Category { name: "shm", meaning: "shared memory", group: SettingGroup::Shm },
    Category { name: "tcp", meaning: "TCP", group: SettingGroup::Tcp },
    Category { name: "verbs", meaning: "RDMA by verbs", group: SettingGroup::Verbs },
    Category { name: "ofi", meaning: "RDMA by libfabric", group: SettingGroup::Ofi },
    Category {
        name: "collectives",
        meaning: "algorithms of collectives, and the sizes that decide between them",
        group: SettingGroup::Collectives,
    },
];

impl Category {
    fn cvars(&self) -> impl Iterator<Item = usize> {
        let group = self.group;
        let all = cvars::all().iter().enumerate();
        all.filter(move |(_, cvar)| cvar.setting.group == group).map(|(at, _)| at)
    }

    fn pvars(&self) -> std::ops::Range<usize> {
        0..if self.group == SettingGroup::Messages { pvars::ALL.len() } else { 0 }
    }
}

fn get(cat_index: c_int) -> Told<&'static Category> {
    static CATEGORIES: &[Category] = &ALL;
    Ok(&CATEGORIES[index(cat_index, CATEGORIES.len())?])
}

/// Writes indices, as many as there is room for.
///
/// # Safety
/// There is room for so many.
unsafe fn list(of: impl Iterator<Item = usize>, len: c_int, indices: *mut c_int) -> Told {
    let room = usize::try_from(len).map_err(|_| MPI_T_ERR_INVALID)?;
    if indices.is_null() && room > 0 {
        return Err(MPI_T_ERR_INVALID);
    }
    for (at, index) in of.take(room).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { indices.add(at).write(index as c_int) };
    }
    Ok(())
}

/// `MPI_T_category_get_num`
///
/// # Safety
/// The result has a place.
pub unsafe fn category_get_num(num: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(num, ALL.len() as c_int) })
}

/// `MPI_T_category_get_info`
///
/// # Safety
/// What is not null has a place, or as much room as is said.
pub unsafe fn category_get_info(
    cat_index: c_int,
    name: *mut c_char,
    name_len: *mut c_int,
    desc: *mut c_char,
    desc_len: *mut c_int,
    num_cvars: *mut c_int,
    num_pvars: *mut c_int,
    num_categories: *mut c_int,
) -> c_int {
    call(|_| {
        let category = get(cat_index)?;
        // SAFETY: the caller's promise.
        unsafe {
            offer_text(category.name, name, name_len);
            offer_text(category.meaning, desc, desc_len);
            offer(num_cvars, category.cvars().count() as c_int);
            offer(num_pvars, category.pvars().len() as c_int);
            offer(num_categories, 0);
        }
        Ok(())
    })
}

/// `MPI_T_category_get_index`
///
/// # Safety
/// The name ends with a zero, and the result has a place.
pub unsafe fn category_get_index(cat_name: *const c_char, cat_index: *mut c_int) -> c_int {
    call(|_| {
        // SAFETY: the caller's promise.
        let name = unsafe { name(cat_name) }?;
        let at = ALL.iter().position(|category| category.name == name).ok_or(MPI_T_ERR_INVALID_NAME)?;
        // SAFETY: as above.
        unsafe { answer(cat_index, at as c_int) }
    })
}

/// `MPI_T_category_get_cvars`
///
/// # Safety
/// There is room for so many indices.
pub unsafe fn category_get_cvars(cat_index: c_int, len: c_int, indices: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { list(get(cat_index)?.cvars(), len, indices) })
}

/// `MPI_T_category_get_pvars`
///
/// # Safety
/// There is room for so many indices.
pub unsafe fn category_get_pvars(cat_index: c_int, len: c_int, indices: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { list(get(cat_index)?.pvars(), len, indices) })
}

/// `MPI_T_category_get_categories`: they hold no others.
///
/// # Safety
/// None.
pub unsafe fn category_get_categories(cat_index: c_int, _len: c_int, _indices: *mut c_int) -> c_int {
    call(|_| get(cat_index).map(|_| ()))
}

/// `MPI_T_category_get_num_events`: there are no events.
///
/// # Safety
/// The result has a place.
pub unsafe fn category_get_num_events(cat_index: c_int, num_events: *mut c_int) -> c_int {
    call(|_| {
        get(cat_index)?;
        // SAFETY: the caller's promise.
        unsafe { answer(num_events, 0) }
    })
}

/// `MPI_T_category_get_events`: there are no events.
///
/// # Safety
/// None.
pub unsafe fn category_get_events(cat_index: c_int, _len: c_int, _indices: *mut c_int) -> c_int {
    call(|_| get(cat_index).map(|_| ()))
}

/// `MPI_T_category_changed`: they never do.
///
/// # Safety
/// The result has a place.
pub unsafe fn category_changed(update_number: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    call(|_| unsafe { answer(update_number, 0) })
}
