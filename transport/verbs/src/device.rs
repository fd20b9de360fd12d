//! Which device, port and GID: the fastest active port that can be opened, and the GID that its peers can reach.

use core::ffi::CStr;
use std::net::Ipv6Addr;
use std::sync::Arc;

use crate::Config;
use crate::error::StartError;
use crate::ffi::{
    IBV_GID_TYPE_IB, IBV_GID_TYPE_ROCE_V1, IBV_GID_TYPE_ROCE_V2, IBV_LINK_LAYER_ETHERNET, IBV_PORT_ACTIVE,
    ibv_ah_attr, ibv_device_attr, ibv_global_route, ibv_port_attr,
};
use crate::library::{Library, last_error, words};
use crate::owner::{Ah, Context, Pd};

/// An open port, and all that is known of it.
pub(crate) struct Port {
    pub(crate) pd: Arc<Pd>,
    /// As users write it: `mlx5_0`.
    pub(crate) device: String,
    pub(crate) number: u8,
    pub(crate) ethernet: bool,
    pub(crate) lid: u16,
    pub(crate) gid: [u8; 16],
    pub(crate) gid_index: u8,
    pub(crate) gid_kind: &'static str,
    pub(crate) pkey_index: u16,
    /// The code of the active MTU: 1 is 256 bytes, 5 is 4096.
    pub(crate) mtu: u8,
    pub(crate) max_msg: usize,
    pub(crate) max_qp_wr: u32,
    pub(crate) max_srq_wr: u32,
    pub(crate) max_cqe: u32,
    pub(crate) rd_atomic: u8,
    /// In units of 0.1 Gbit/s.
    pub(crate) rate: u32,
}

impl Port {
    /// Opens the port that the settings name, or the fastest that serves.
    pub(crate) fn choose(library: &Arc<Library>, config: &Config) -> Result<Self, StartError> {
        let mut reasons = Vec::new();
        let mut best: Option<Self> = None;
        let (wanted, wanted_port) = config.wanted();
        let found = open_all(library, |name| wanted.is_none_or(|wanted| wanted == name));
        let opened = found.map_err(|detail| StartError::NoDevice { detail })?;
        if opened.is_empty() {
            let detail = match wanted {
                Some(wanted) => format!("no device: there is no {wanted} (OLYMPI_VERBS_DEVICE); `ibv_devices` lists them"),
                None => "no device: libibverbs finds none; a host with one needs its kernel driver (ib_uverbs) and \
                         the package with its user-space driver (ibverbs-providers, rdma-core)"
                    .to_owned(),
            };
            return Err(StartError::NoDevice { detail });
        }
        for (name, context) in opened {
            let context = match context {
                Ok(context) => context,
                Err(reason) => {
                    reasons.push(format!("{name} cannot be opened: {reason}"));
                    continue;
                }
            };
            let attributes = match query_device(&context) {
                Ok(attributes) => attributes,
                Err(reason) => {
                    reasons.push(format!("{name}: {reason}"));
                    continue;
                }
            };
            for number in 1..=attributes.phys_port_cnt {
                if wanted_port.is_some_and(|wanted| wanted != number) {
                    continue;
                }
                match Self::open(&context, &name, number, &attributes, config) {
                    Ok(port) if best.as_ref().is_none_or(|best| port.rate > best.rate) => best = Some(port),
                    Ok(_) => {}
                    Err(reason) => reasons.push(format!("{name} port {number} {reason}")),
                }
            }
        }
        best.ok_or_else(|| StartError::NoDevice { detail: reasons.join("; ") })
    }

    fn open(
        context: &Arc<Context>,
        device: &str,
        number: u8,
        limits: &ibv_device_attr,
        config: &Config,
    ) -> Result<Self, String> {
        let port = Library::query_port(context.raw(), number)
            .map_err(|errno| format!("cannot be asked for its state: {}", words(errno)))?;
        if port.state != IBV_PORT_ACTIVE {
            return Err(format!("is {}", state(port.state)));
        }
        let pd = Pd::new(context)?;
        let ethernet = port.link_layer == IBV_LINK_LAYER_ETHERNET;
        let (gid, gid_index, gid_kind) = choose_gid(&pd, number, &port, ethernet, config)?;
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        Ok(Self {
            device: device.to_owned(),
            number,
            ethernet,
            lid: port.lid,
            gid,
            gid_index,
            gid_kind,
            pkey_index: choose_pkey(context, number, &port, config)?,
            #[allow(clippy::cast_possible_truncation)] // clamped to 1..=5
            mtu: port.active_mtu.clamp(1, 5) as u8,
            max_msg: port.max_msg_sz as usize,
            max_qp_wr: count(limits.max_qp_wr),
            max_srq_wr: count(limits.max_srq_wr),
            max_cqe: count(limits.max_cqe),
            rd_atomic: u8::try_from(limits.max_qp_rd_atom.min(limits.max_qp_init_rd_atom).clamp(1, 16)).unwrap_or(1),
            rate: rate(&port),
            pd,
        })
    }

    /// The bytes in a packet.
    pub(crate) fn mtu_bytes(code: u8) -> usize {
        128 << code.clamp(1, 5)
    }

    /// The first half of the GID: on InfiniBand, the subnet.
    pub(crate) fn subnet(&self) -> &[u8] {
        &self.gid[..8]
    }

    /// How a packet gets from here to there. On InfiniBand the LID does, within a subnet; a global route is needed
    /// beyond it, and always over Ethernet.
    pub(crate) fn way_to(&self, lid: u16, gid: &[u8; 16], config: &Config) -> ibv_ah_attr {
        let global = self.ethernet || self.subnet() != &gid[..8];
        ibv_ah_attr {
            grh: ibv_global_route {
                dgid: crate::ffi::ibv_gid { raw: *gid },
                flow_label: 0,
                sgid_index: self.gid_index,
                hop_limit: u8::MAX,
                traffic_class: config.traffic_class,
            },
            dlid: if self.ethernet { 0 } else { lid },
            sl: config.service_level,
            src_path_bits: 0,
            static_rate: 0,
            is_global: u8::from(global),
            port_num: self.number,
        }
    }

    /// One line for a person.
    pub(crate) fn describe(&self) -> String {
        let (whole, tenth) = (self.rate / 10, self.rate % 10);
        let tenth = if tenth == 0 { String::new() } else { format!(".{tenth}") };
        format!(
            "{} port {}, {whole}{tenth} Gbit/s {}, GID {} (index {}, {})",
            self.device,
            self.number,
            if self.ethernet { "Ethernet" } else { "InfiniBand" },
            Ipv6Addr::from(self.gid),
            self.gid_index,
            self.gid_kind,
        )
    }
}

/// Every device by its name: open, or why it cannot be.
type Opened = Vec<(String, Result<Arc<Context>, String>)>;

fn open_all(library: &Arc<Library>, wanted: impl Fn(&str) -> bool) -> Result<Opened, String> {
    let mut count = 0;
    // SAFETY: the list is null or has `count` entries, and is freed once, after the devices that are wanted are open.
    unsafe {
        let list = (library.get_device_list)(&raw mut count);
        if list.is_null() {
            return Err(format!("no device: libibverbs cannot list them: {}", last_error()));
        }
        let mut opened = Vec::new();
        for i in 0..usize::try_from(count).unwrap_or(0) {
            let device = *list.add(i);
            let name = (library.get_device_name)(device);
            if name.is_null() {
                continue;
            }
            let name = CStr::from_ptr(name).to_string_lossy().into_owned();
            if !wanted(&name) {
                continue;
            }
            let context = (library.open_device)(device);
            let context = if context.is_null() {
                Err(last_error())
            } else {
                Ok(Context::own(context, Arc::clone(library)))
            };
            opened.push((name, context));
        }
        (library.free_device_list)(list);
        Ok(opened)
    }
}

fn query_device(context: &Context) -> Result<ibv_device_attr, String> {
    // SAFETY: all zeros are a valid value of these integers.
    let mut attributes: ibv_device_attr = unsafe { core::mem::zeroed() };
    // SAFETY: an open context.
    let code = unsafe { (context.library().query_device)(context.raw(), &raw mut attributes) };
    if code == 0 { Ok(attributes) } else { Err(format!("its limits cannot be asked for: {}", words(code))) }
}

fn state(state: u32) -> &'static str {
    match state {
        1 => "DOWN: no cable, or the other end is off",
        2 => "INIT: the subnet manager (opensm) has not yet configured it",
        3 => "ARMED: the subnet manager has not yet activated it",
        5 => "ACTIVE_DEFER",
        _ => "in no usable state",
    }
}

/// Tenths of a Gbit/s: lanes times the speed of one.
fn rate(port: &ibv_port_attr) -> u32 {
    let lanes = match port.active_width {
        2 => 4,
        4 => 8,
        8 => 12,
        16 => 2,
        _ => 1,
    };
    let lane = match port.active_speed {
        1 => 25,
        2 => 50,
        4 | 8 => 100,
        16 => 140,
        32 => 250,
        64 => 500,
        128 => 1000,
        _ => 0,
    };
    lanes * lane
}

/// The GID to be reached by. Over Ethernet an IPv4 address over `RoCEv2` comes first, since it is what networks route;
/// then IPv6, global before link-local; then `RoCEv1`. A candidate serves if an address handle to it can be made: an entry
/// whose interface is down cannot.
fn choose_gid(
    pd: &Arc<Pd>,
    number: u8,
    port: &ibv_port_attr,
    ethernet: bool,
    config: &Config,
) -> Result<([u8; 16], u8, &'static str), String> {
    let library = pd.context().library();
    let raw = pd.context().raw();
    let mut candidates = Vec::new();
    for index in 0..u32::try_from(port.gid_tbl_len.clamp(0, 256)).unwrap_or(0) {
        if config.gid_index.is_some_and(|wanted| wanted != index) {
            continue;
        }
        let Some(entry) = library.gid(raw, number, index) else { continue };
        // SAFETY: every bit pattern is 16 bytes.
        let gid = unsafe { entry.gid.raw };
        // Where types cannot be asked, a v4 address is the sign of RoCEv2.
        let kind = if library.knows_gid_types() { entry.gid_type } else { IBV_GID_TYPE_ROCE_V2 };
        candidates.push((preference(&gid, kind, ethernet), index, gid, kind));
    }
    candidates.sort_by_key(|&(preference, index, ..)| (preference, index));
    let mut failures = Vec::new();
    for (_, index, gid, kind) in candidates {
        let Ok(gid_index) = u8::try_from(index) else { continue };
        let name = match kind {
            IBV_GID_TYPE_IB if !ethernet => "InfiniBand",
            IBV_GID_TYPE_ROCE_V2 => "RoCEv2",
            _ => "RoCEv1",
        };
        let to_itself = ibv_ah_attr {
            grh: ibv_global_route {
                dgid: crate::ffi::ibv_gid { raw: gid },
                flow_label: 0,
                sgid_index: gid_index,
                hop_limit: u8::MAX,
                traffic_class: 0,
            },
            dlid: port.lid,
            sl: 0,
            src_path_bits: 0,
            static_rate: 0,
            is_global: 1,
            port_num: number,
        };
        match Ah::new(pd, &to_itself) {
            Ok(_) => return Ok((gid, gid_index, name)),
            Err(reason) => failures.push(format!("index {index} ({}): {reason}", Ipv6Addr::from(gid))),
        }
    }
    let failures = if failures.is_empty() { "the table is empty".to_owned() } else { failures.join("; ") };
    Err(match config.gid_index {
        Some(index) => format!("has no usable GID at index {index} (OLYMPI_VERBS_GID_INDEX): {failures}"),
        None => {
            format!("has no usable GID, so its network interface is probably without an address: {failures}")
        }
    })
}

fn preference(gid: &[u8; 16], kind: u32, ethernet: bool) -> u32 {
    if !ethernet {
        return 0;
    }
    let address = Ipv6Addr::from(*gid);
    let family = if address.to_ipv4_mapped().is_some() {
        0
    } else if gid[0] == 0xFE && gid[1] & 0xC0 == 0x80 {
        2
    } else {
        1
    };
    family
        + if kind == IBV_GID_TYPE_ROCE_V2 {
            0
        } else if kind == IBV_GID_TYPE_ROCE_V1 {
            3
        } else {
            6
        }
}

/// The first partition of which the port is a full member, which is what may talk to everybody in it.
fn choose_pkey(context: &Context, number: u8, port: &ibv_port_attr, config: &Config) -> Result<u16, String> {
    const FULL: u16 = 0x8000;
    let mut limited = None;
    for index in 0..port.pkey_tbl_len {
        let mut key = 0_u16;
        // SAFETY: an open context, and room for the key.
        let code =
            unsafe { (context.library().query_pkey)(context.raw(), number, i32::from(index), &raw mut key) };
        let key = u16::from_be(key);
        if code != 0 || key & !FULL == 0 {
            continue;
        }
        match config.pkey {
            Some(wanted) if wanted & !FULL != key & !FULL => {}
            _ if key & FULL != 0 => return Ok(index),
            _ => limited = limited.or(Some(index)),
        }
    }
    match (limited, config.pkey) {
        (Some(index), _) => Ok(index),
        (None, Some(wanted)) => Err(format!("is not in the partition {wanted:#06x} (OLYMPI_VERBS_PKEY)")),
        (None, None) => Err("is in no partition (its P_Key table is empty)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routable_v4_address_comes_first() {
        let v4 = std::net::Ipv4Addr::new(10, 66, 0, 1).to_ipv6_mapped().octets();
        let local: [u8; 16] = "fe80::1".parse::<Ipv6Addr>().unwrap().octets();
        let global: [u8; 16] = "2001:db8::1".parse::<Ipv6Addr>().unwrap().octets();
        let of = |gid, kind| preference(gid, kind, true);
        let order = [
            of(&v4, IBV_GID_TYPE_ROCE_V2),
            of(&global, IBV_GID_TYPE_ROCE_V2),
            of(&local, IBV_GID_TYPE_ROCE_V2),
            of(&v4, IBV_GID_TYPE_ROCE_V1),
            of(&local, IBV_GID_TYPE_ROCE_V1),
        ];
        assert!(order.is_sorted() && order[0] < order[4]);
        assert_eq!(Port::mtu_bytes(5), 4096);
    }
}
