//! Starting the transports.

use olympi_transport_api::Peer;

use crate::{Config, Kind, NotTaken, StartError};

/// Transports being started, with the reasons why some are not.
pub(crate) struct Opening<'a> {
    pub(crate) me: Peer,
    pub(crate) config: &'a Config,
    pub(crate) absent: Vec<NotTaken>,
    pub(crate) failed: Vec<String>,
}

impl Opening<'_> {
    /// Starts a transport, if it may be used.
    ///
    /// # Errors
    /// If it was asked for by name and does not start.
    pub(crate) fn open<T>(
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
                self.absent(kind, &format!("it did not start: {detail}"));
                self.failed.push(detail);
                Ok(None)
            }
        }
    }

    /// Notes why a transport is not there.
    pub(crate) fn absent(&mut self, kind: Kind, reason: &str) {
        self.absent.push(NotTaken { transport: kind.name(), reason: reason.to_owned() });
    }
}
