//! The pairs of key and value that a job shares, on the launcher's side.

use std::collections::HashMap;

use thiserror::Error;

/// A bounded store of keys and values. A second put of a key replaces the first value, as hydra and Slurm do.
#[derive(Debug)]
pub struct Kvs {
    name: String,
    pairs: HashMap<String, String>,
    bytes: usize,
    max_bytes: usize,
}

/// Why a pair was not stored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KvsError {
    /// The store's limit on its total size is reached.
    #[error("the job's key-value store is full ({limit} bytes)")]
    Full {
        /// The limit, in bytes of keys and values.
        limit: usize,
    },
    /// The key is empty or longer than [`Kvs::MAX_KEY`].
    #[error("a key of {0} bytes: keys have 1 to {max}", max = Kvs::MAX_KEY)]
    KeyLength(usize),
    /// The value is longer than [`Kvs::MAX_VALUE`].
    #[error("a value of {0} bytes: values have at most {max}", max = Kvs::MAX_VALUE)]
    ValueLength(usize),
}

impl Kvs {
    /// The longest name of a store, its terminating zero in C included.
    pub const MAX_NAME: usize = 256;
    /// The longest key, its terminating zero in C included.
    pub const MAX_KEY: usize = 64;
    /// The longest value, its terminating zero in C included.
    pub const MAX_VALUE: usize = 1024;

    /// An empty store of this name, which refuses to grow beyond `max_bytes` of keys and values.
    pub fn new(name: &str, max_bytes: usize) -> Self {
        Kvs { name: name.to_owned(), pairs: HashMap::new(), bytes: 0, max_bytes }
    }

    /// The name by which clients address this store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    /// Stores a pair, in place of an earlier one with the same key.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), KvsError> {
        if key.is_empty() || key.len() > Self::MAX_KEY {
            return Err(KvsError::KeyLength(key.len()));
        }
        if value.len() > Self::MAX_VALUE {
            return Err(KvsError::ValueLength(value.len()));
        }
        let replaced = self.pairs.get(key).map_or(0, |old| key.len() + old.len());
        let bytes = self.bytes - replaced + key.len() + value.len();
        if bytes > self.max_bytes {
            return Err(KvsError::Full { limit: self.max_bytes });
        }
        self.bytes = bytes;
        self.pairs.insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_put_wins_and_replacing_costs_no_room() {
        let mut kvs = Kvs::new("job", 10);
        for value in ["12345678", "abcdefgh"] {
            kvs.put("ab", value).unwrap();
            assert_eq!(kvs.get("ab"), Some(value));
        }
        assert_eq!(kvs.put("c", ""), Err(KvsError::Full { limit: 10 }));
        assert_eq!((kvs.get("c"), kvs.get("ab")), (None, Some("abcdefgh")));
        kvs.put("ab", "").unwrap();
        kvs.put("c", "1234567").unwrap();
    }

    #[test]
    fn lengths_are_checked() {
        let mut kvs = Kvs::new("job", 1 << 20);
        assert_eq!(kvs.put("", "v"), Err(KvsError::KeyLength(0)));
        assert_eq!(kvs.put(&"k".repeat(65), "v"), Err(KvsError::KeyLength(65)));
        assert_eq!(kvs.put("k", &"v".repeat(1025)), Err(KvsError::ValueLength(1025)));
        kvs.put(&"k".repeat(64), &"v".repeat(1024)).unwrap();
    }
}
