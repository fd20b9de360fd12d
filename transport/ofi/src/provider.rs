//! Which provider is taken, and why the others are not.

use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;

use crate::config::Config;
use crate::error::StartError;
use crate::ffi::*;
use crate::info::Info;
use crate::library::Library;

/// The modes that are honoured: room for the provider's own state in every request, and vectors that stay in place.
const MODES: u64 = FI_CONTEXT | FI_CONTEXT2 | FI_ASYNC_IOV | FI_RX_CQ_DATA;
const MR_MODES: c_int = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED | FI_MR_PROV_KEY | FI_MR_ENDPOINT;

/// What is asked for at once.
struct Wish {
    kind: c_int,
    caps: u64,
    order: u64,
    /// Endpoints share receive buffers.
    shared: bool,
}

const fn wish(kind: c_int, caps: u64, order: u64, shared: bool) -> Wish {
    Wish { kind, caps, order, shared }
}

/// From the most that is of use to the least that will do.
const WISHES: &[Wish] = &[
    wish(FI_EP_RDM, FI_RMA | FI_MULTI_RECV, FI_ORDER_SAS, false),
    wish(FI_EP_RDM, FI_RMA, FI_ORDER_SAS, false),
    wish(FI_EP_RDM, FI_MULTI_RECV, FI_ORDER_SAS, false),
    wish(FI_EP_RDM, FI_RMA, 0, false),
    wish(FI_EP_RDM, 0, 0, false),
    wish(FI_EP_MSG, FI_RMA, FI_ORDER_SAS, true),
    wish(FI_EP_MSG, FI_RMA, FI_ORDER_SAS, false),
    wish(FI_EP_MSG, 0, FI_ORDER_SAS, false),
];

/// A provider's offer, in the order of merit.
pub(crate) struct Offer {
    pub(crate) info: Info,
    pub(crate) provider: String,
    pub(crate) domain: String,
    merit: i32,
}

/// What is known of providers by name: how good they are, and what else serves their networks.
fn standing(core: &str) -> (i32, bool) {
    // (merit, whether the fabric is served by no other transport of ours)
    match core {
        "cxi" => (100, true),
        "efa" => (95, true),
        "psm3" | "psm2" | "opx" => (90, true),
        "psm" | "gni" | "bgq" | "usnic" => (85, true),
        "verbs" => (70, false),
        "ucx" | "mlx" => (60, true),
        "tcp" => (30, false),
        "net" => (25, false),
        "sockets" => (10, false),
        "shm" | "lnx" | "sm2" => (5, false),
        "udp" => (0, false),
        // One that is newer than this list is a fabric of its own.
        _ => (50, true),
    }
}

/// Everything that is worth trying to open, the best first, and why the rest is not.
pub(crate) fn offers(
    library: &Arc<Library>,
    config: &Config,
) -> Result<(Vec<Offer>, Vec<String>), StartError> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut reasons = Vec::new();
    for wish in WISHES {
        let kind = wish.kind;
        for info in ask(library, wish)? {
            let (provider, domain) = (info.provider(), info.domain_name());
            let merit = merit(&provider, &domain, &info);
            // The first request that a provider answers is the one that asks it for most.
            let known = |o: &Offer| {
                o.provider == provider
                    && o.domain == domain
                    && o.info.ep().type_ == kind
                    && o.info.get().addr_format == info.get().addr_format
            };
            if !offers.iter().any(known) {
                offers.push(Offer { info, provider, domain, merit });
            }
        }
    }
    let all = names(&offers);
    let wanted = wanted(config);
    let (domain, provider) = (&config.domain, &config.provider);
    let exact = offers.iter().any(|o| o.provider == *provider);
    let prefix = format!("{provider};");
    offers.retain(|offer| {
        let name = &offer.provider;
        let reason = if !provider.is_empty() {
            let taken = if exact { name == provider } else { name.starts_with(&prefix) };
            if taken { "" } else { "OLYMPI_OFI_PROVIDER names another" }
        } else if name.split(';').any(|part| part == "ofi_rxd" || part == "ofi_mrail") {
            "it is taken only when OLYMPI_OFI_PROVIDER names it"
        } else {
            ""
        };
        let reason = match reason {
            "" if !domain.is_empty() && offer.domain != *domain => "OLYMPI_OFI_DOMAIN names another",
            reason => reason,
        };
        if !reason.is_empty() {
            let line = format!("{name} on {}: {reason}", offer.domain);
            if !reasons.contains(&line) {
                reasons.push(line);
            }
        }
        reason.is_empty()
    });
    if offers.is_empty() {
        let reasons = if all.is_empty() { "it offers none at all".to_owned() } else { reasons.join("; ") };
        return Err(StartError::NoProvider { library: library.describe(), wanted, reasons });
    }
    if !config.takes_software() {
        let fabric = |o: &Offer| standing(core(&o.provider)).1;
        if !offers.iter().any(fabric) {
            return Err(StartError::Outdone { providers: names(&offers).join(", ") });
        }
        offers.retain(fabric);
    }
    offers.sort_by_key(|offer| -offer.merit);
    Ok((offers, reasons))
}

/// What the settings ask for, in words.
pub(crate) fn wanted(config: &Config) -> String {
    let one = |variable: &str, value: &str| {
        if value.is_empty() { String::new() } else { format!(" {variable}={value}") }
    };
    one("OLYMPI_OFI_PROVIDER", &config.provider) + &one("OLYMPI_OFI_DOMAIN", &config.domain)
}

/// The provider that drives the device, below the layers over it.
fn core(provider: &str) -> &str {
    provider.split(';').next().unwrap_or_default()
}

fn merit(provider: &str, domain: &str, info: &Info) -> i32 {
    let mut merit = standing(core(provider)).0 * 100;
    merit += match (info.ep().type_, provider.contains(';')) {
        (FI_EP_RDM, false) => 60,
        // A connection of our own costs less than a layer that makes the same connection.
        (FI_EP_MSG, _) => 40,
        _ => 0,
    };
    if info.get().caps & FI_RMA != 0 {
        merit += 8;
    }
    if info.tx().msg_order & FI_ORDER_SAS != 0 {
        merit += 4;
    }
    // Loopback reaches this host alone, and a link-local address needs more than itself to be reached.
    let source = info.source();
    let family = source.get(..2).map_or(0, |bytes| i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])));
    let link_local = family == libc::AF_INET6 && source.get(8..10) == Some(&[0xFE, 0x80]);
    if domain == "lo" || link_local {
        merit -= 20;
    } else if family == libc::AF_INET6 {
        merit -= 2;
    }
    merit
}

fn names(offers: &[Offer]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for offer in offers {
        if !names.contains(&offer.provider) {
            names.push(offer.provider.clone());
        }
    }
    names
}

/// What the library offers for one set of wishes.
fn ask(library: &Arc<Library>, wish: &Wish) -> Result<Vec<Info>, StartError> {
    // SAFETY: null asks for empty hints.
    let Some(mut hints) = (unsafe { Info::duplicate(ptr::null(), library) }) else {
        return Err(StartError::System {
            what: "a request to libfabric",
            detail: "memory has run out".into(),
        });
    };
    hints.edit(|info, ep, domain, tx| {
        info.caps = FI_MSG | wish.caps;
        info.mode = MODES;
        ep.type_ = wish.kind;
        if wish.shared {
            ep.rx_ctx_cnt = FI_SHARED_CONTEXT;
        }
        domain.mode = MODES;
        domain.threading = FI_THREAD_DOMAIN;
        domain.mr_mode = MR_MODES;
        if wish.kind == FI_EP_RDM {
            domain.resource_mgmt = FI_RM_ENABLED;
        }
        tx.msg_order = wish.order;
    });
    let mut list = ptr::null_mut();
    // SAFETY: whole hints, and room for the answer.
    let answer =
        unsafe { (library.getinfo)(library.api, ptr::null(), ptr::null(), 0, hints.raw(), &raw mut list) };
    if answer != 0 {
        // Nobody offers that.
        return Ok(Vec::new());
    }
    let mut infos = Vec::new();
    let mut next = list;
    while !next.is_null() {
        // SAFETY: a member of the list that was just answered; the copies are ours, each without the rest of the list.
        unsafe {
            infos.extend(Info::duplicate(next, library));
            next = (*next).next;
        }
    }
    // SAFETY: the library allocated it, and nothing points into it.
    unsafe { (library.freeinfo)(list) };
    Ok(infos)
}
