//! What tools ask a job: its settings, and what is under way (`MPI_T`, MPI 5.0, chapter 15).

use olympi_coll::{Tuning, TuningSetting};
use olympi_pmi::SETTINGS;

use crate::error::{Error, ThreadError};
use crate::job::Job;

/// What a setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingGroup {
    /// What the launcher tells.
    Job,
    /// Messages, over whatever transport.
    Messages,
    /// Shared memory.
    Shm,
    /// TCP.
    Tcp,
    /// RDMA by verbs.
    Verbs,
    /// RDMA by libfabric.
    Ofi,
    /// Collectives: those that [`Job::set_tuning`] changes.
    Collectives,
}

/// One setting: a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable, `OLYMPI_...`.
    pub variable: &'static str,
    /// What holds when it is not set, in words if it is no value.
    pub default: String,
    /// What it decides, with its unit.
    pub meaning: String,
    /// What it is about.
    pub group: SettingGroup,
}

impl Setting {
    /// What the environment says of it; `None`: nothing. A process reads its settings when it joins a job.
    pub fn in_environment(&self) -> Option<String> {
        in_environment(self.variable)
    }
}

/// Every setting that there is, those of the transports included, as `mpiexec --info` lists them.
///
/// ```
/// assert!(olympi_comm::settings().iter().any(|setting| setting.variable == "OLYMPI_EAGER_MAX"));
/// ```
pub fn settings() -> Vec<Setting> {
    let of_job = SETTINGS.iter().map(|setting| Setting {
        variable: setting.variable,
        default: setting.default.to_string(),
        meaning: setting.meaning.to_owned(),
        group: SettingGroup::Job,
    });
    let of_transports = olympi_transport::settings().into_iter().map(|setting| Setting {
        variable: setting.variable,
        default: setting.default,
        meaning: setting.meaning.to_owned(),
        group: group_of(setting.variable),
    });
    let of_collectives =
        Tuning::settings().into_iter().map(|TuningSetting { variable, default, meaning, reason }| Setting {
            variable,
            default,
            meaning: format!("{meaning} ({reason})"),
            group: SettingGroup::Collectives,
        });
    let mut all: Vec<Setting> = of_job.collect();
    for setting in of_transports.chain(of_collectives) {
        // What the launcher tells is in its own table already.
        if all.iter().all(|known| known.variable != setting.variable) {
            all.push(setting);
        }
    }
    all
}

fn group_of(variable: &str) -> SettingGroup {
    let groups = [
        ("OLYMPI_SHM_", SettingGroup::Shm),
        ("OLYMPI_TCP_", SettingGroup::Tcp),
        ("OLYMPI_VERBS_", SettingGroup::Verbs),
        ("OLYMPI_OFI_", SettingGroup::Ofi),
    ];
    let known = groups.into_iter().find(|(prefix, _)| variable.starts_with(prefix));
    known.map_or(SettingGroup::Messages, |(_, group)| group)
}

/// What is under way at a process, at the moment of asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Communicators, those from the beginning included.
    pub communicators: usize,
    /// Operations whose outcome has not been asked for, the library's own included.
    pub operations: usize,
    /// Those of them that have bytes on their way.
    pub moving: usize,
    /// Receives of buffers and objects that wait for a message.
    pub posted_receives: usize,
    /// Messages of buffers and objects that wait for a receive.
    pub unexpected_messages: usize,
    /// How many bytes are kept of messages that nobody has asked for, with some beside each; what waits at its sender does not
    /// count.
    pub unexpected_bytes: usize,
}

impl Job {
    /// What is under way at this process. Counting happens here alone: messages pay nothing for it. Messages are
    /// moved on first, so that what has come is seen.
    ///
    /// # Errors
    /// [`ThreadError`] from a thread that may not call.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let me = universe.self_comm();
    /// me.send(&[1_u8, 2, 3], 0, 0)?;
    /// let counters = universe.counters()?;
    /// assert_eq!(counters.unexpected_messages, 1);
    /// assert!(counters.unexpected_bytes >= 3);
    /// me.recv_vec::<u8>(0, 0)?;
    /// assert_eq!(universe.counters()?.unexpected_messages, 0);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn counters(&self) -> Result<Counters, ThreadError> {
        self.shared().look(|state| {
            let (posted_receives, unexpected_messages) = state.mail.contexts.waiting();
            Counters {
                // One is the library's own.
                communicators: state.mail.contexts.sizes()[0] - 1,
                operations: state.mail.ops.in_use(),
                moving: state.mail.ops.moving(),
                posted_receives,
                unexpected_messages,
                unexpected_bytes: state.progress.unexpected_bytes(),
            }
        })
    }

    /// Sets how collectives are done from here on, as [`Tuning::set`] does (`OLYMPI_COLL_ALL_REDUCE`, `ring`): the same at
    /// all ranks, between collectives.
    ///
    /// # Errors
    /// [`Error::Tuning`], if there is no such setting or the value makes no sense.
    pub fn set_tuning(&self, variable: &str, value: &str) -> Result<(), Error> {
        let mut inside = self.shared().door.enter()?;
        let collectives = &mut inside.mail.collectives;
        collectives.tuning.set(variable, value)?;
        collectives.told.retain(|(known, _)| known != variable);
        collectives.told.push((variable.to_owned(), value.trim().to_owned()));
        inside.mail.contexts.forget_schedules();
        Ok(())
    }

    /// What a setting was set to: by [`set_tuning`](Self::set_tuning), or else by the environment. `None`: its default holds.
    ///
    /// # Errors
    /// [`ThreadError`] from a thread that may not call.
    pub fn setting(&self, variable: &str) -> Result<Option<String>, ThreadError> {
        let inside = self.shared().door.enter()?;
        let told = inside.mail.collectives.told.iter().find(|(known, _)| known == variable);
        Ok(told.map(|(_, value)| value.clone()).or_else(|| in_environment(variable)))
    }
}

/// What the environment says of a setting; a variable that is set to nothing is not set.
fn in_environment(variable: &str) -> Option<String> {
    let value = std::env::var_os(variable)?.to_string_lossy().trim().to_owned();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed_once_and_in_its_group() {
        let settings = settings();
        for setting in &settings {
            assert!(setting.variable.starts_with("OLYMPI_") && !setting.meaning.is_empty());
            assert_eq!(settings.iter().filter(|other| other.variable == setting.variable).count(), 1);
        }
        let group = |variable: &str| {
            settings.iter().find(|setting| setting.variable == variable).map(|setting| setting.group)
        };
        assert_eq!(group("OLYMPI_REPORT"), Some(SettingGroup::Job));
        assert_eq!(group("OLYMPI_EAGER_MAX"), Some(SettingGroup::Messages));
        assert_eq!(group("OLYMPI_TCP_LINGER_MS"), Some(SettingGroup::Tcp));
        assert_eq!(group("OLYMPI_COLL_BARRIER"), Some(SettingGroup::Collectives));
    }
}
