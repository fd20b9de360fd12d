//! Starting the transports.

use std::sync::Arc;

use olympi_ofi::Ofi;
use olympi_registration::Memory;
use olympi_shm::Shm;
use olympi_sim::Loopback;
use olympi_tcp::Tcp;
use olympi_transport_api::Peer;
use olympi_verbs::Verbs;

use crate::lane::Lane;
use crate::lanes::Lanes;
use crate::{Config, Kind, NotTaken, StartError};

/// While shared memory is polled as well and nothing comes over them, these are polled once in so many polls: a look at a
/// completion queue takes as long as some polls of shared memory, and libfabric may ask the kernel.
const VERBS_EVERY: u32 = 4;
const OFI_EVERY: u32 = 32;

/// Transports being started, with the reasons why some are not.
pub(crate) struct Opening<'a> {
    pub(crate) me: Peer,
    pub(crate) size: u32,
    pub(crate) secret: [u8; 32],
    /// There are more ranks than CPUs on this host.
    pub(crate) crowded: bool,
    pub(crate) config: &'a Config,
    pub(crate) absent: Vec<NotTaken>,
    pub(crate) failed: Vec<String>,
}

impl Opening<'_> {
    /// Starts all that may be needed.
    ///
    /// # Errors
    /// If what was asked for by name does not start, or nothing does.
    pub(crate) fn lanes(&mut self, memory: &Arc<Memory>) -> Result<Lanes, StartError> {
        let Self { me, size, secret, crowded, config, .. } = *self;
        let thresholds = config.thresholds;
        let own = Lane::new(Kind::Own, Loopback::new(me), thresholds);
        let mut lanes = Lanes { shm: None, verbs: None, ofi: None, tcp: None, own, sim: None };
        if size <= 1 {
            for kind in Kind::OUTWARD {
                self.absent(kind, "the job has one rank");
            }
            return Ok(lanes);
        }
        let allowed = &config.transports;
        if !Kind::OUTWARD.into_iter().any(|kind| allowed.allows(kind)) {
            return Err(StartError::Nothing { setting: allowed.text(), me });
        }
        let shm = self.open(Kind::Shm, || {
            let config = olympi_shm::Config { sleepy: crowded, ..config.shm.clone() };
            Shm::new(config, me, size).map_err(|error| error.to_string())
        })?;
        lanes.shm = shm.map(|shm| Lane::new(Kind::Shm, shm, thresholds));
        // Where shared memory reaches everybody, the others are not opened unless they are named.
        let all_here = lanes.shm.is_some() && config.local_size == Some(size);
        let needed = |kind: Kind| !all_here || allowed.names(kind) || !allowed.allows(kind);
        let unneeded = "all ranks are on this host, where shared memory works";
        if needed(Kind::Verbs) {
            let verbs = self.open(Kind::Verbs, || {
                Verbs::new(config.verbs.clone(), me, size, secret, memory).map_err(|error| error.to_string())
            })?;
            lanes.verbs = verbs.map(|v| Box::new(Lane::paced(Kind::Verbs, v, thresholds, VERBS_EVERY)));
        } else {
            self.absent(Kind::Verbs, unneeded);
        }
        if needed(Kind::Ofi) {
            let ofi = self.open(Kind::Ofi, || {
                let config = olympi_ofi::Config { asked_for: allowed.names(Kind::Ofi), ..config.ofi.clone() };
                Ofi::new(config, me, size, secret, memory).map_err(|error| error.to_string())
            })?;
            lanes.ofi = ofi.map(|ofi| Box::new(Lane::paced(Kind::Ofi, ofi, thresholds, OFI_EVERY)));
        } else {
            self.absent(Kind::Ofi, unneeded);
        }
        if needed(Kind::Tcp) {
            let tcp = self.open(Kind::Tcp, || {
                Tcp::new(config.tcp.clone(), me, size, secret).map_err(|error| error.to_string())
            })?;
            lanes.tcp = tcp.map(|tcp| Lane::paced(Kind::Tcp, tcp, thresholds, config.tcp_poll_every));
        } else {
            self.absent(Kind::Tcp, unneeded);
        }
        if Kind::OUTWARD.into_iter().any(|kind| lanes.has(kind)) {
            Ok(lanes)
        } else {
            Err(StartError::Transports { me, detail: self.failed.join("; ") })
        }
    }

    /// Starts a transport, if it may be used.
    ///
    /// # Errors
    /// If it was asked for by name and does not start.
    fn open<T>(
        &mut self,
        kind: Kind,
        open: impl FnOnce() -> Result<T, String>,
    ) -> Result<Option<T>, StartError> {
        let allowed = &self.config.transports;
        if !allowed.allows(kind) {
            self.absent(kind, &format!("excluded by {}", allowed.text()));
            return Ok(None);
        }
        match open() {
            Ok(transport) => Ok(Some(transport)),
            Err(detail) if allowed.names(kind) => Err(StartError::Named {
                setting: allowed.text(),
                transport: kind.name(),
                me: self.me,
                detail,
            }),
            Err(detail) => {
                self.absent(kind, &detail);
                self.failed.push(format!("{kind}: {detail}"));
                Ok(None)
            }
        }
    }

    /// Notes why a transport is not there.
    fn absent(&mut self, kind: Kind, reason: &str) {
        // Some begin their own errors with their name.
        let reason =
            reason.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(reason);
        self.absent.push(NotTaken { transport: kind.name(), reason: reason.to_owned() });
    }

    /// What should be told without being asked: an RDMA device that is there, allowed, needed and yet not used. Rank 0
    /// tells it for all.
    pub(crate) fn notices(&self, lanes: &Lanes) -> Vec<String> {
        let wanted = self.size > 1 && self.config.transports.allows(Kind::Verbs);
        let all_here = lanes.shm.is_some() && self.config.local_size == Some(self.size);
        if self.me != Peer(0) || !self.config.notices || !wanted || all_here || lanes.verbs.is_some() {
            return Vec::new();
        }
        let listed = std::fs::read_dir("/sys/class/infiniband").into_iter().flatten().flatten();
        let mut devices: Vec<String> =
            listed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        devices.sort();
        if devices.is_empty() {
            return Vec::new();
        }
        let why = self.absent.iter().find(|not| not.transport == Kind::Verbs.name());
        let why = why.map_or("", |not| not.reason.as_str());
        vec![format!(
            "this host has RDMA hardware ({}) that is not used: {why} (OLYMPI_NOTICES=0 silences this)",
            devices.join(", ")
        )]
    }
}
