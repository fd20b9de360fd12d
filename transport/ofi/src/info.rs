//! What a provider offers, and how its calls answer.

use std::ffi::CStr;
use std::ptr;
use std::sync::Arc;

use crate::ffi::*;
use crate::library::Library;

/// What a provider offers, and how it is to be opened: an owned `fi_info`.
pub(crate) struct Info {
    raw: *mut fi_info,
    library: Arc<Library>,
}

// SAFETY: it is a private copy, reached through this owner alone.
unsafe impl Send for Info {}
// SAFETY: shared, it is only read.
unsafe impl Sync for Info {}

impl Info {
    /// Takes over what the library allocated.
    ///
    /// # Safety
    /// `raw` comes from `fi_dupinfo` or from an event, and nobody else frees it.
    pub(crate) unsafe fn adopt(raw: *mut fi_info, library: &Arc<Library>) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        let info = Self { raw, library: library.clone() };
        let fields = info.get();
        let whole = [
            fields.tx_attr.is_null(),
            fields.rx_attr.is_null(),
            fields.ep_attr.is_null(),
            fields.domain_attr.is_null(),
            fields.fabric_attr.is_null(),
        ];
        (!whole.contains(&true)).then_some(info)
    }

    /// A copy.
    ///
    /// # Safety
    /// `raw` is null (for empty hints) or a whole `fi_info`.
    pub(crate) unsafe fn duplicate(raw: *const fi_info, library: &Arc<Library>) -> Option<Self> {
        // SAFETY: the caller's promise; the copy is nobody else's.
        unsafe { Self::adopt((library.dupinfo)(raw), library) }
    }

    pub(crate) fn raw(&self) -> *mut fi_info {
        self.raw
    }

    pub(crate) fn get(&self) -> &fi_info {
        // SAFETY: not null, and alive as long as `self`.
        unsafe { &*self.raw }
    }

    pub(crate) fn tx(&self) -> &fi_tx_attr {
        // SAFETY: `adopt` has seen that it is not null; it lives with its info.
        unsafe { &*self.get().tx_attr }
    }

    pub(crate) fn rx(&self) -> &fi_rx_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().rx_attr }
    }

    pub(crate) fn ep(&self) -> &fi_ep_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().ep_attr }
    }

    pub(crate) fn domain(&self) -> &fi_domain_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().domain_attr }
    }

    /// Changes its attributes.
    pub(crate) fn edit(
        &mut self,
        change: impl FnOnce(&mut fi_info, &mut fi_ep_attr, &mut fi_domain_attr, &mut fi_tx_attr),
    ) {
        // SAFETY: `adopt` has seen that none is null; they are allocations of their own, and `self` is borrowed exclusively.
        unsafe {
            let info = self.raw;
            change(&mut *info, &mut *(*info).ep_attr, &mut *(*info).domain_attr, &mut *(*info).tx_attr);
        }
    }

    /// A copy that leads to an address of the provider's format.
    pub(crate) fn towards(&self, address: &[u8]) -> Option<Self> {
        // SAFETY: a whole info.
        let mut copy = unsafe { Self::duplicate(self.raw, &self.library) }?;
        // The library frees what is there, as memory of malloc.
        // SAFETY: the old address is the copy's own; the new one is of that length.
        unsafe {
            let new = libc::malloc(address.len().max(1));
            if new.is_null() {
                return None;
            }
            new.cast::<u8>().copy_from_nonoverlapping(address.as_ptr(), address.len());
            libc::free((*copy.raw).dest_addr);
            (*copy.raw).dest_addr = new;
            (*copy.raw).dest_addrlen = address.len();
        }
        copy.edit(|info, _, _, _| info.handle = ptr::null_mut());
        Some(copy)
    }

    /// The provider's name, e.g. `tcp;ofi_rxm`.
    pub(crate) fn provider(&self) -> String {
        // SAFETY: `adopt` has seen that the attributes are there; the name is null or a C string.
        unsafe { text((*self.get().fabric_attr).prov_name) }
    }

    /// The domain's name, e.g. `eth0` or `mlx5_0`.
    pub(crate) fn domain_name(&self) -> String {
        // SAFETY: the name is null or a C string.
        unsafe { text(self.domain().name) }
    }

    /// The local address in the provider's format; empty if it says none.
    pub(crate) fn source(&self) -> Vec<u8> {
        let info = self.get();
        if info.src_addr.is_null() {
            return Vec::new();
        }
        // SAFETY: the provider says how long its address is.
        unsafe { std::slice::from_raw_parts(info.src_addr.cast::<u8>(), info.src_addrlen) }.to_vec()
    }

    /// The network's rate in bits a second and its MTU in bytes, where the provider tells.
    pub(crate) fn link(&self) -> Option<(usize, usize)> {
        let nic = self.get().nic;
        if nic.is_null() {
            return None;
        }
        // SAFETY: not null; its attributes are null or live with it.
        let link = unsafe { (*nic).link_attr.as_ref() }?;
        (link.speed > 0).then_some((link.speed, link.mtu))
    }
}

impl Drop for Info {
    fn drop(&mut self) {
        // SAFETY: the library allocated it, and this is its only owner.
        unsafe { (self.library.freeinfo)(self.raw) }
    }
}

/// # Safety
/// Null, or a C string.
pub(crate) unsafe fn text(name: *const std::ffi::c_char) -> String {
    if name.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// A refused call: the negative number that libfabric answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) i64);

impl Refusal {
    /// Whether to try again after progress.
    pub(crate) fn again(self) -> bool {
        self.is(libc::EAGAIN)
    }

    /// Whether it is this error of the system or of libfabric.
    pub(crate) fn is(self, error: i32) -> bool {
        self.0 == -i64::from(error)
    }
}

/// What a call answered: zero or more is good.
pub(crate) fn check(answer: impl Into<i64>) -> Result<i64, Refusal> {
    let answer = answer.into();
    if answer < 0 { Err(Refusal(answer)) } else { Ok(answer) }
}

/// What a call that answers with an `ssize_t` said.
pub(crate) fn check_size(answer: isize) -> Result<usize, Refusal> {
    usize::try_from(answer).map_err(|_| Refusal(answer as i64))
}

/// Calls a function out of an object's table. All of them are there in every provider, but for those that a provider is not
/// asked for; the standard answer is then that of libfabric itself.
macro_rules! call {
    ($table:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        match (*$table).$function {
            Some(function) => function($($argument),*),
            None => (-libc::ENOSYS) as _,
        }
    };
}
pub(crate) use call;
