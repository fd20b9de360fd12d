//! The transport over InfiniBand and RoCE.
