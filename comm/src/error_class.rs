//! Error classes: what kind of error it is, in the words of the standard (MPI 5.0, section 9.4).

use olympi_datatype::{DatatypeError, PackError, ViewError};

use crate::collective::CollectiveError;
use crate::error::{
    AttributeError, BufferError, CreateError, Error, GroupError, InfoError, PersistentError, RecvError,
    SendError, TopologyError,
};

macro_rules! classes {
    ($($class:ident $name:literal $text:literal)*) => {
        /// A class of errors (`MPI_Error_class`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorClass {
            $(#[doc = concat!("`", $name, "`: ", $text, ".")] $class,)*
        }

        impl ErrorClass {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$class,)*];

            /// Its name in the standard.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)*
                }
            }

            /// What it means (`MPI_Error_string`).
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$class => $text,)*
                }
            }
        }
    };
}

classes! {
    Success "MPI_SUCCESS" "no error"
    Buffer "MPI_ERR_BUFFER" "a buffer is not valid, or has no room"
    Count "MPI_ERR_COUNT" "a count is not valid"
    Type "MPI_ERR_TYPE" "a datatype is not valid, or not the one that was sent"
    Tag "MPI_ERR_TAG" "a tag is out of range"
    Comm "MPI_ERR_COMM" "a communicator is not valid"
    Rank "MPI_ERR_RANK" "a rank is out of range"
    Request "MPI_ERR_REQUEST" "a request is not valid, or not in a state for this call"
    Root "MPI_ERR_ROOT" "a root is out of range"
    Group "MPI_ERR_GROUP" "a group is not valid"
    Op "MPI_ERR_OP" "an operation is not valid, or not for these elements"
    Topology "MPI_ERR_TOPOLOGY" "a topology is not valid"
    Dims "MPI_ERR_DIMS" "dimensions are not valid"
    Arg "MPI_ERR_ARG" "another argument is not valid"
    Unknown "MPI_ERR_UNKNOWN" "an unknown error"
    Truncate "MPI_ERR_TRUNCATE" "a message is longer than the buffer of its receive"
    Other "MPI_ERR_OTHER" "an error that has no class of its own"
    Intern "MPI_ERR_INTERN" "an error inside the library"
    InStatus "MPI_ERR_IN_STATUS" "the errors are in the statuses"
    Pending "MPI_ERR_PENDING" "a request is still pending"
    Keyval "MPI_ERR_KEYVAL" "a key of attributes is not valid"
    NoMem "MPI_ERR_NO_MEM" "there is not enough memory"
    Base "MPI_ERR_BASE" "an address is not valid"
    InfoKey "MPI_ERR_INFO_KEY" "a key of an info object is too long"
    InfoValue "MPI_ERR_INFO_VALUE" "a value of an info object is too long"
    InfoNoKey "MPI_ERR_INFO_NOKEY" "a key is not in the info object"
    Info "MPI_ERR_INFO" "an info object is not valid"
    Spawn "MPI_ERR_SPAWN" "processes could not be started"
    Port "MPI_ERR_PORT" "a port is not valid"
    Service "MPI_ERR_SERVICE" "a service is not valid"
    Name "MPI_ERR_NAME" "a name is not published"
    Win "MPI_ERR_WIN" "a window is not valid"
    Size "MPI_ERR_SIZE" "a size is not valid"
    Disp "MPI_ERR_DISP" "a displacement is not valid"
    Locktype "MPI_ERR_LOCKTYPE" "a type of locks is not valid"
    Assert "MPI_ERR_ASSERT" "an assertion is not valid"
    RmaConflict "MPI_ERR_RMA_CONFLICT" "accesses to a window are in conflict"
    RmaSync "MPI_ERR_RMA_SYNC" "the synchronization of a window is wrong"
    RmaRange "MPI_ERR_RMA_RANGE" "memory is not part of the window"
    RmaAttach "MPI_ERR_RMA_ATTACH" "memory cannot be attached"
    RmaShared "MPI_ERR_RMA_SHARED" "memory cannot be shared"
    RmaFlavor "MPI_ERR_RMA_FLAVOR" "a window is of the wrong flavour"
    File "MPI_ERR_FILE" "a file handle is not valid"
    NotSame "MPI_ERR_NOT_SAME" "an argument of a collective is not the same at all ranks"
    Amode "MPI_ERR_AMODE" "an access mode is not valid"
    UnsupportedDatarep "MPI_ERR_UNSUPPORTED_DATAREP" "a data representation is not supported"
    UnsupportedOperation "MPI_ERR_UNSUPPORTED_OPERATION" "an operation is not supported on this file"
    NoSuchFile "MPI_ERR_NO_SUCH_FILE" "a file is not there"
    FileExists "MPI_ERR_FILE_EXISTS" "a file is there already"
    BadFile "MPI_ERR_BAD_FILE" "the name of a file is not valid"
    Access "MPI_ERR_ACCESS" "permission is denied"
    NoSpace "MPI_ERR_NO_SPACE" "there is no space left"
    Quota "MPI_ERR_QUOTA" "a quota is exceeded"
    ReadOnly "MPI_ERR_READ_ONLY" "a file or file system is read-only"
    FileInUse "MPI_ERR_FILE_IN_USE" "a file is in use"
    DupDatarep "MPI_ERR_DUP_DATAREP" "a data representation is defined already"
    Conversion "MPI_ERR_CONVERSION" "a conversion has failed"
    Io "MPI_ERR_IO" "another error of input or output"
    ProcAborted "MPI_ERR_PROC_ABORTED" "a process has ended too early"
    ValueTooLarge "MPI_ERR_VALUE_TOO_LARGE" "a value does not fit its type"
    Session "MPI_ERR_SESSION" "a session is not valid"
    Errhandler "MPI_ERR_ERRHANDLER" "an error handler is not valid"
}

impl SendError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Rank { .. } => ErrorClass::Rank,
            Self::Tag { .. } => ErrorClass::Tag,
            Self::PeerGone { .. } => ErrorClass::ProcAborted,
            Self::Buffer { .. } => ErrorClass::Buffer,
            Self::Encode { .. } => ErrorClass::Type,
            Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl RecvError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Rank { .. } => ErrorClass::Rank,
            Self::Tag { .. } => ErrorClass::Tag,
            Self::Truncated { .. } => ErrorClass::Truncate,
            Self::Type { .. } | Self::Partial { .. } | Self::Value { .. } | Self::Decode { .. } => {
                ErrorClass::Type
            }
            Self::PeerGone { .. } => ErrorClass::ProcAborted,
            Self::NoObject => ErrorClass::Arg,
            Self::Cancelled | Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl BufferError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::AlreadyAttached { .. } | Self::NotAttached => ErrorClass::Buffer,
            Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl CreateError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotSubset { .. } | Self::NotMember | Self::Overlap { .. } => ErrorClass::Group,
            Self::Tag { .. } => ErrorClass::Tag,
            Self::Leader { .. } => ErrorClass::Rank,
            Self::Intercommunicator { .. } | Self::Intracommunicator { .. } | Self::NoBridge => {
                ErrorClass::Comm
            }
            Self::Color { .. } => ErrorClass::Arg,
            Self::Attribute(error) => error.class(),
            Self::Confused { .. } | Self::Leaders => ErrorClass::NotSame,
            Self::PeerGone { .. } => ErrorClass::ProcAborted,
            Self::CalledOff { .. } | Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl CollectiveError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Root { .. } => ErrorClass::Root,
            Self::Buffer { .. } | Self::Counts { .. } => ErrorClass::Count,
            Self::Length { .. } => ErrorClass::Truncate,
            Self::PeerGone { .. } => ErrorClass::ProcAborted,
            Self::Value { .. } | Self::Encode { .. } | Self::Decode { .. } => ErrorClass::Type,
            Self::Communicator { .. } => ErrorClass::Comm,
            Self::Memory { .. } => ErrorClass::Buffer,
            Self::Operation { .. } => ErrorClass::Op,
            Self::Failed { .. } | Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl TopologyError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Dims { .. } => ErrorClass::Dims,
            Self::Graph { .. } => ErrorClass::Topology,
            Self::Rank { .. } => ErrorClass::Rank,
            Self::Coordinates { .. } => ErrorClass::Arg,
            Self::Create(error) => error.class(),
            Self::Group(error) => error.class(),
            Self::Exchange(error) => error.class(),
            Self::Thread(_) => ErrorClass::Other,
        }
    }
}

impl GroupError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Rank { .. } | Self::Twice { .. } => ErrorClass::Rank,
            Self::Range { .. } => ErrorClass::Arg,
        }
    }
}

impl InfoError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Key { .. } => ErrorClass::InfoKey,
            Self::Value { .. } => ErrorClass::InfoValue,
            Self::NoKey { .. } => ErrorClass::InfoNoKey,
        }
    }
}

impl AttributeError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Copy(_) | Self::Delete(_) => ErrorClass::Other,
        }
    }
}

impl PersistentError {
    /// Its class.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Active => ErrorClass::Request,
        }
    }
}

impl Error {
    /// Its class (`MPI_Error_class`).
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Init(_) | Self::Thread(_) => ErrorClass::Other,
            Self::Send(error) => error.class(),
            Self::Recv(error) => error.class(),
            Self::Topology(error) => error.class(),
            Self::Collective(error) => error.class(),
            Self::Tuning(_) | Self::Datatype(DatatypeError::Argument { .. }) => ErrorClass::Arg,
            Self::Datatype(DatatypeError::Overflow { .. }) => ErrorClass::ValueTooLarge,
            Self::Datatype(DatatypeError::TooDeep { .. }) | Self::Pack(PackError::Value(_)) => {
                ErrorClass::Type
            }
            Self::View(ViewError::OutOfBounds { .. }) => ErrorClass::Buffer,
            Self::View(ViewError::TooLarge { .. }) => ErrorClass::Count,
            Self::Pack(PackError::Short { .. }) => ErrorClass::Truncate,
            Self::Pack(PackError::NotExternal | PackError::Range { .. }) => ErrorClass::Conversion,
            Self::Buffer(error) => error.class(),
            Self::Persistent(error) => error.class(),
            Self::Partitioned(error) => error.class(),
            Self::Create(error) => error.class(),
            Self::Group(error) => error.class(),
            Self::Session(error) => error.class(),
            Self::File(error) => error.class(),
            Self::Window(error) => error.class(),
            Self::Info(error) => error.class(),
            Self::Attribute(error) => error.class(),
            Self::Spent => ErrorClass::Request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn classes_have_names_of_their_own() {
        let names: HashSet<_> = ErrorClass::ALL.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), ErrorClass::ALL.len());
        assert!(names.iter().skip(1).all(|name| name.starts_with("MPI_")));
        assert!(ErrorClass::ALL.iter().all(|class| !class.text().is_empty()));
    }

    #[test]
    fn an_error_has_the_class_of_what_went_wrong() {
        let class = |error: Error| error.class().name();
        assert_eq!(class(SendError::Tag { tag: -1 }.into()), "MPI_ERR_TAG");
        assert_eq!(class(GroupError::Twice { rank: 1 }.into()), "MPI_ERR_RANK");
        assert_eq!(class(InfoError::NoKey { key: "k".into() }.into()), "MPI_ERR_INFO_NOKEY");
        assert_eq!(class(CreateError::Confused { rank: 1 }.into()), "MPI_ERR_NOT_SAME");
        assert_eq!(class(Error::Spent), "MPI_ERR_REQUEST");
        assert_eq!(class(PackError::Short { needed: 8, found: 4 }.into()), "MPI_ERR_TRUNCATE");
        assert_eq!(class(ViewError::TooLarge { count: 1, size: 1 << 63 }.into()), "MPI_ERR_COUNT");
    }
}
