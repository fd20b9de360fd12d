//! The transport over libfabric.
