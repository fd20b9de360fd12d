//! Info objects: hints, as ordered pairs of words (MPI 5.0, chapter 10).

use crate::communicator::Communicator;
use crate::error::InfoError;

/// The longest key of an info object, in bytes (`MPI_MAX_INFO_KEY`, less the zero at its end in C).
pub const MAX_INFO_KEY: usize = 255;
/// The longest value of an info object, in bytes (`MPI_MAX_INFO_VAL`, less the zero at its end in C).
pub const MAX_INFO_VAL: usize = 1023;

/// Hints: keys and values, in the order in which the keys came (`MPI_Info`). A clone is a duplicate
/// (`MPI_Info_dup`).
///
/// ```
/// use olympi_comm::Info;
///
/// let mut info = Info::new();
/// info.set("mpi_assert_no_any_tag", "true")?;
/// info.set("cb_nodes", "4")?;
/// assert_eq!((info.len(), info.get("cb_nodes"), info.key(0)), (2, Some("4"), Some("mpi_assert_no_any_tag")));
/// info.delete("cb_nodes")?;
/// assert_eq!(info.get("cb_nodes"), None);
/// # Ok::<(), olympi_comm::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    pairs: Vec<(String, String)>,
}

impl Info {
    /// One without hints (`MPI_Info_create`, `MPI_INFO_NULL`).
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }

    /// Sets a value (`MPI_Info_set`); a key that is there keeps its place.
    ///
    /// # Errors
    /// [`InfoError`], if the key is empty or one of them is too long.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), InfoError> {
        if key.is_empty() || key.len() > MAX_INFO_KEY {
            return Err(InfoError::Key { len: key.len() });
        }
        if value.len() > MAX_INFO_VAL {
            return Err(InfoError::Value { key: key.to_owned(), len: value.len() });
        }
        match self.pairs.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.pairs.push((key.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    /// The value of a key, if there is one (`MPI_Info_get_string`).
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Removes a key (`MPI_Info_delete`).
    ///
    /// # Errors
    /// [`InfoError::NoKey`], if it is not there.
    pub fn delete(&mut self, key: &str) -> Result<(), InfoError> {
        let at = self.pairs.iter().position(|(known, _)| known == key);
        let at = at.ok_or_else(|| InfoError::NoKey { key: key.to_owned() })?;
        self.pairs.remove(at);
        Ok(())
    }

    /// How many keys there are (`MPI_Info_get_nkeys`).
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The key at a place, counted from 0 (`MPI_Info_get_nthkey`).
    pub fn key(&self, at: usize) -> Option<&str> {
        self.pairs.get(at).map(|(key, _)| key.as_str())
    }

    /// All keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// How a program was started, as far as its arguments and the system tell (`MPI_Info_create_env`): `command`, `argv`,
    /// `wdir`, `host` and `arch`. Values that are too long for an info object are cut off.
    ///
    /// ```
    /// let info = olympi_comm::Info::of_environment(["solver", "--steps", "10"]);
    /// assert_eq!((info.get("command"), info.get("argv")), (Some("solver"), Some("--steps 10")));
    /// ```
    pub fn of_environment<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut arguments = arguments.into_iter();
        let command = arguments.next().map(|command| command.as_ref().to_owned());
        let rest: Vec<_> = arguments.map(|argument| argument.as_ref().to_owned()).collect();
        let wdir = std::env::current_dir().ok().map(|path| path.display().to_string());
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let known = [
            ("command", command),
            ("argv", (!rest.is_empty()).then(|| rest.join(" "))),
            ("wdir", wdir),
            ("host", host.map(|host| host.trim().to_owned())),
            ("arch", Some(std::env::consts::ARCH.to_owned())),
        ];
        let mut info = Self::new();
        for (key, value) in known {
            if let Some(value) = value {
                let value = value[..value.floor_char_boundary(MAX_INFO_VAL)].to_owned();
                info.pairs.push((key.to_owned(), value));
            }
        }
        info
    }
}

/// The hints of a communicator.
impl Communicator {
    /// The hints that it has (`MPI_Comm_get_info`). Olympi keeps all, and so far acts on none of them.
    pub fn info(&self) -> Info {
        self.core.about().info.clone()
    }

    /// Adds hints, or changes them (`MPI_Comm_set_info`).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::Info;
    ///
    /// let mut info = Info::new();
    /// info.set("mpi_assert_exact_length", "true")?;
    /// let comm = universe.world().dup_with_info(&info)?;
    /// assert_eq!(comm.info(), info);
    /// assert!(comm.dup()?.info().is_empty()); // hints are not inherited
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn set_info(&self, info: &Info) {
        let about = &mut self.core.about().info;
        for (key, value) in info.iter() {
            // They were short enough for the one, so they are for the other.
            let _ = about.set(key, value);
        }
    }
}

impl crate::Job {
    /// How this program was started (`MPI_INFO_ENV`): what [`Info::of_environment`] says of its arguments, and also
    /// `maxprocs` (how many ranks there are) and `thread_level`.
    pub fn info_env(&self) -> Info {
        let mut info =
            Info::of_environment(std::env::args_os().map(|argument| argument.display().to_string()));
        let level = self.thread_level().name().to_owned();
        for (key, value) in [("maxprocs", self.everyone().size().to_string()), ("thread_level", level)] {
            // Both are short.
            let _ = info.set(key, &value);
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_have_limits() {
        let mut info = Info::new();
        for key in ["z", "a", "m"] {
            info.set(key, "1").unwrap();
        }
        info.set("a", "2").unwrap();
        assert_eq!(info.iter().collect::<Vec<_>>(), [("z", "1"), ("a", "2"), ("m", "1")]);
        assert_eq!(info.set("", "1"), Err(InfoError::Key { len: 0 }));
        assert_eq!(info.set(&"k".repeat(256), "1"), Err(InfoError::Key { len: 256 }));
        info.set(&"k".repeat(255), &"v".repeat(1023)).unwrap();
        let long = InfoError::Value { key: "z".into(), len: 1024 };
        assert_eq!(info.set("z", &"v".repeat(1024)), Err(long));
        assert_eq!(info.delete("b"), Err(InfoError::NoKey { key: "b".into() }));
        info.delete("z").unwrap();
        assert_eq!((info.key(0), info.key(3), info.len()), (Some("a"), None, 3));
    }
}
