//! Registered memory: a cache of registrations that never outlives a mapping.
