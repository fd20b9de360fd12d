//! What the lines mean: the requests of PMI 1.1 and the replies to them.

use thiserror::Error;

use crate::wire::Message;

/// What a process asks of its launcher.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// `init`: the first request, with the version that the process speaks.
    Init {
        /// 1 for PMI 1.1.
        version: i64,
        /// 1 for PMI 1.1.
        subversion: i64,
    },
    /// `get_maxes`: the longest names, keys and values.
    GetMaxes,
    /// `get_appnum`: which of several programs this process runs.
    GetAppnum,
    /// `get_my_kvsname`: the name of the job's store.
    GetMyKvsname,
    /// `get_universe_size`: how many processes there could be.
    GetUniverseSize,
    /// `get`: the value of a key.
    Get {
        /// The store's name.
        kvsname: String,
        /// The key.
        key: String,
    },
    /// `put`: store a value under a key.
    Put {
        /// The store's name.
        kvsname: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// `barrier_in`: wait until every process of the job has asked this.
    BarrierIn,
    /// `finalize`: the last request.
    Finalize,
    /// `abort`: end the whole job.
    Abort {
        /// The job's exit code.
        code: i32,
        /// What the process has to say, if anything.
        message: Option<String>,
    },
    /// `publish_name`: let other processes find a port by a service's name.
    PublishName {
        /// The service's name.
        service: String,
        /// The port's name.
        port: String,
    },
    /// `lookup_name`: the port of a service.
    LookupName {
        /// The service's name.
        service: String,
    },
    /// `unpublish_name`: forget a service.
    UnpublishName {
        /// The service's name.
        service: String,
    },
    /// `spawn`: start more processes.
    Spawn(SpawnCommand),
    /// A well-formed request of a name that this version does not know.
    Unknown(String),
}

/// One of the programs that a `spawn` asks for; a spawn of several programs comes as several blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpawnCommand {
    /// How many blocks belong to this spawn.
    pub total: u32,
    /// Which of them this is, from 1.
    pub index: u32,
    /// How many processes.
    pub processes: u32,
    /// The program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Pairs to put into the new job's store before it starts.
    pub pairs: Vec<(String, String)>,
    /// Hints for the launcher.
    pub info: Vec<(String, String)>,
}

/// Why a well-formed line is no request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("PMI request {command:?} without a valid {field:?}")]
pub struct RequestError {
    /// The request's name.
    pub command: String,
    /// The field that is missing or makes no sense.
    pub field: String,
}

/// The most arguments, pairs or hints of one spawn block.
const MAX_SPAWN_ITEMS: u32 = 4_096;

impl Request {
    /// Parses what a process sent.
    pub fn parse(message: &Message) -> Result<Self, RequestError> {
        let text = |field: &str| -> Result<String, RequestError> {
            message.field(field).map(str::to_owned).ok_or_else(|| missing(message, field))
        };
        Ok(match message.command() {
            "init" => Request::Init {
                version: message.number("pmi_version").ok_or_else(|| missing(message, "pmi_version"))?,
                subversion: message.number("pmi_subversion").unwrap_or(0),
            },
            "get_maxes" => Request::GetMaxes,
            "get_appnum" => Request::GetAppnum,
            "get_my_kvsname" => Request::GetMyKvsname,
            "get_universe_size" => Request::GetUniverseSize,
            "get" => Request::Get { kvsname: text("kvsname")?, key: text("key")? },
            "put" => Request::Put { kvsname: text("kvsname")?, key: text("key")?, value: text("value")? },
            "barrier_in" => Request::BarrierIn,
            "finalize" => Request::Finalize,
            "abort" => Request::Abort {
                code: message.number("exitcode").and_then(|code| i32::try_from(code).ok()).unwrap_or(1),
                message: ["message", "error_msg", "msg"]
                    .iter()
                    .find_map(|f| message.field(f))
                    .map(str::to_owned),
            },
            "publish_name" => Request::PublishName { service: text("service")?, port: text("port")? },
            "lookup_name" => Request::LookupName { service: text("service")? },
            "unpublish_name" => Request::UnpublishName { service: text("service")? },
            "spawn" => Request::Spawn(SpawnCommand::parse(message)?),
            other => Request::Unknown(other.to_owned()),
        })
    }

    /// The request as a message.
    ///
    /// Spawns are parsed but never sent by this crate; such a request becomes a bare `spawn`.
    pub fn to_message(&self) -> Message {
        match self {
            Request::Init { version, subversion } => {
                Message::new("init").with("pmi_version", version).with("pmi_subversion", subversion)
            }
            Request::GetMaxes => Message::new("get_maxes"),
            Request::GetAppnum => Message::new("get_appnum"),
            Request::GetMyKvsname => Message::new("get_my_kvsname"),
            Request::GetUniverseSize => Message::new("get_universe_size"),
            Request::Get { kvsname, key } => Message::new("get").with("kvsname", kvsname).with("key", key),
            Request::Put { kvsname, key, value } => {
                Message::new("put").with("kvsname", kvsname).with("key", key).with("value", value)
            }
            Request::BarrierIn => Message::new("barrier_in"),
            Request::Finalize => Message::new("finalize"),
            Request::Abort { code, .. } => Message::new("abort").with("exitcode", code),
            Request::PublishName { service, port } => {
                Message::new("publish_name").with("service", service).with("port", port)
            }
            Request::LookupName { service } => Message::new("lookup_name").with("service", service),
            Request::UnpublishName { service } => Message::new("unpublish_name").with("service", service),
            Request::Spawn(_) => Message::new("spawn"),
            Request::Unknown(command) => Message::new(command),
        }
    }
}

impl SpawnCommand {
    fn parse(message: &Message) -> Result<Self, RequestError> {
        let count = |field: &str, default: Option<u32>| -> Result<u32, RequestError> {
            match (message.field(field), default) {
                (None, Some(default)) => Ok(default),
                _ => message
                    .number(field)
                    .and_then(|number| u32::try_from(number).ok())
                    .filter(|number| *number <= MAX_SPAWN_ITEMS)
                    .ok_or_else(|| missing(message, field)),
            }
        };
        let text = |field: &str| -> Result<String, RequestError> {
            message.field(field).map(str::to_owned).ok_or_else(|| missing(message, field))
        };
        let pairs = |what: &str| -> Result<Vec<(String, String)>, RequestError> {
            (0..count(&format!("{what}_num"), Some(0))?)
                .map(|i| Ok((text(&format!("{what}_key_{i}"))?, text(&format!("{what}_val_{i}"))?)))
                .collect()
        };
        Ok(SpawnCommand {
            total: count("totspawns", Some(1))?,
            index: count("spawnssofar", Some(1))?,
            processes: count("nprocs", None)?,
            program: text("execname")?,
            // Real clients count an argument more than they send: take those that are there.
            arguments: (1..=count("argcnt", Some(0))?)
                .map_while(|i| message.field(&format!("arg{i}")).map(str::to_owned))
                .collect(),
            pairs: pairs("preput")?,
            info: pairs("info")?,
        })
    }
}

fn missing(message: &Message, field: &str) -> RequestError {
    RequestError { command: message.command().to_owned(), field: field.to_owned() }
}

/// The launcher's replies, in the form that the clients of MPICH 3, 4, 5 and Intel MPI take.
pub mod reply {
    use crate::kvs::Kvs;
    use crate::wire::Message;

    fn ok(command: &str) -> Message {
        Message::new(command).with("rc", 0)
    }

    /// To `init`; refused if the client speaks another major version.
    pub fn init(accepted: bool) -> Message {
        let rc = if accepted { 0 } else { -1 };
        Message::new("response_to_init").with("rc", rc).with("pmi_version", 1).with("pmi_subversion", 1)
    }

    /// To `get_maxes`.
    pub fn maxes() -> Message {
        ok("maxes")
            .with("kvsname_max", Kvs::MAX_NAME)
            .with("keylen_max", Kvs::MAX_KEY)
            .with("vallen_max", Kvs::MAX_VALUE)
    }

    /// To `get_appnum`.
    pub fn appnum(appnum: u32) -> Message {
        ok("appnum").with("appnum", appnum)
    }

    /// To `get_my_kvsname`.
    pub fn my_kvsname(name: &str) -> Message {
        ok("my_kvsname").with("kvsname", name)
    }

    /// To `get_universe_size`.
    pub fn universe_size(size: u32) -> Message {
        ok("universe_size").with("size", size)
    }

    /// To `get`.
    pub fn get(value: Option<&str>) -> Message {
        match value {
            Some(value) => ok("get_result").with("msg", "success").with("value", value),
            None => refused("get_result", "key_not_found").with("value", "unknown"),
        }
    }

    /// To `put`, `publish_name` and others whose reply is only a success or a reason.
    pub fn done(command: &str, result: Result<(), &str>) -> Message {
        match result {
            Ok(()) => ok(command).with("msg", "success"),
            Err(reason) => refused(command, reason),
        }
    }

    /// To `barrier_in`, when all are there.
    pub fn barrier_out() -> Message {
        ok("barrier_out")
    }

    /// To `finalize`.
    pub fn finalize_ack() -> Message {
        ok("finalize_ack")
    }

    /// To `lookup_name`.
    pub fn lookup(port: Option<&str>) -> Message {
        match port {
            Some(port) => ok("lookup_result").with("info", "ok").with("port", port),
            None => Message::new("lookup_result").with("rc", 1).with("info", "fail"),
        }
    }

    fn refused(command: &str, reason: &str) -> Message {
        Message::new(command).with("rc", -1).with("msg", reason.replace(' ', "_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Decoder;

    #[test]
    fn requests_survive_the_wire() {
        let requests = [
            Request::Init { version: 1, subversion: 1 },
            Request::GetMaxes,
            Request::Get { kvsname: "kvs_1".into(), key: "a".into() },
            Request::Put { kvsname: "kvs_1".into(), key: "a".into(), value: "x=y;(z)".into() },
            Request::Abort { code: -7, message: None },
            Request::LookupName { service: "ocean".into() },
            Request::Unknown("no_such_command".into()),
        ];
        for request in requests {
            let message = Message::parse(&request.to_message().to_line()).unwrap();
            assert_eq!(Request::parse(&message), Ok(request));
        }
    }

    #[test]
    fn a_spawn_of_mpich_is_understood() {
        let mut decoder = Decoder::new();
        decoder.push(
            b"mcmd=spawn\nnprocs=2\nexecname=/bin/child\ntotspawns=1\nspawnssofar=1\narg1=a b\narg2=2\nargcnt=3\n\
              preput_num=1\npreput_key_0=PARENT_ROOT_PORT_NAME\npreput_val_0=tag#0$parent$\ninfo_num=0\nendcmd\n",
        );
        let message = decoder.next().unwrap().unwrap();
        let Ok(Request::Spawn(spawn)) = Request::parse(&message) else { panic!("{message:?}") };
        assert_eq!((spawn.processes, spawn.program.as_str()), (2, "/bin/child"));
        assert_eq!(spawn.arguments, ["a b", "2"]);
        assert_eq!(spawn.pairs, [("PARENT_ROOT_PORT_NAME".to_owned(), "tag#0$parent$".to_owned())]);
        assert!(spawn.info.is_empty());
    }

    #[test]
    fn a_missing_field_is_named() {
        let message = Message::parse(b"cmd=put kvsname=k key=a").unwrap();
        assert_eq!(Request::parse(&message).unwrap_err().field, "value");
        let message =
            Message::new("spawn").with("nprocs", 1).with("execname", "x").with("preput_num", "99999999");
        assert_eq!(Request::parse(&message).unwrap_err().field, "preput_num");
    }
}
