//! The client against our own server, over real sockets, in threads.

use super::*;
use crate::server::{Action, Server, ServerConfig};
use std::io::Read as _;
use std::os::unix::net::UnixStream;

/// Serves one rank until its connection ends; gives what it aborted with.
fn serve(mut socket: UnixStream) -> Option<i32> {
    let mut server = Server::new(ServerConfig {
        kvsname: "kvs_client_test".into(),
        appnums: vec![3],
        universe_size: 8,
        mapping: ProcessMapping::one_host(1),
        max_store_bytes: 1 << 20,
    });
    let mut buffer = [0; 4096];
    loop {
        let count = socket.read(&mut buffer).unwrap();
        if count == 0 {
            return None;
        }
        // The limit that Slurm has.
        assert!(count < 1024, "a request of {count} bytes");
        let mut actions = Vec::new();
        server.receive(0, &buffer[..count], &mut actions);
        for action in actions {
            match action {
                Action::Reply { bytes, .. } => {
                    assert!(bytes.len() < 1024, "a reply of {} bytes", bytes.len());
                    socket.write_all(&bytes).unwrap();
                }
                Action::Abort { code, .. } => return Some(code),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn conversation(socket: UnixStream) -> Conversation {
    Conversation::new(Stream::Inherited(OwnedFd::from(socket).into()), Some(0))
}

fn nothing(_: &str) -> Option<String> {
    None
}

/// A job of one rank whose launcher answers these lines, whatever it is asked.
fn scripted(answers: &'static [&'static str]) -> Result<Job, BootstrapError> {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 2048];
        for answer in answers {
            if theirs.read(&mut buffer).unwrap_or(0) == 0 {
                return;
            }
            theirs.write_all(answer.as_bytes()).unwrap();
        }
    });
    Job::join(&nothing, conversation(ours), Some(0), Some(1))
}

#[test]
fn a_job_is_send() {
    fn check<T: Send>() {}
    check::<Job>();
}

#[test]
fn a_singleton_talks_to_itself() {
    let mut job = Job::from_lookup(&nothing).unwrap();
    assert_eq!((job.rank(), job.size(), job.launcher()), (0, 1, &Launcher::Singleton));
    job.put("a", "1").unwrap();
    job.put_blob("b", &[7; 5000]).unwrap();
    job.fence().unwrap();
    assert_eq!(job.get("a").unwrap().as_deref(), Some("1"));
    assert_eq!(job.get_blob("b").unwrap(), Some(vec![7; 5000]));
    assert_eq!(job.get("c").unwrap(), None);
    assert_eq!(job.process_mapping().unwrap().unwrap().hosts_of(1), [0]);
    job.finalize().unwrap();
    assert!(matches!(job.fence(), Err(PmiError::Finalized { rank: 0, doing: "fence" })));
}

#[test]
fn what_is_asked_inside_a_fence_is_answered_and_the_fence_ends() {
    for early in [false, true] {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut job = Job {
            launcher: Launcher::Olympi,
            link: Link::Launcher(Box::new(conversation(ours))),
            ..Job::singleton()
        };
        let watch = job.watch().unwrap();
        job.begin_fence().unwrap();
        job.begin_fence().unwrap();
        assert!(!job.fence_is_over().unwrap());
        let server = std::thread::spawn(move || {
            let mut requests = Vec::new();
            let mut answer = |socket: &mut UnixStream, text: &[u8]| {
                let mut buffer = [0; 2048];
                let count = socket.read(&mut buffer).unwrap();
                requests.push(String::from_utf8(buffer[..count].to_vec()).unwrap());
                socket.write_all(text).unwrap();
            };
            answer(&mut theirs, if early { b"cmd=barrier_out rc=0\n" } else { b"" });
            answer(&mut theirs, b"cmd=get_result rc=0 msg=success value=v\n");
            theirs.write_all(if early { b"" } else { b"cmd=barrier_out rc=0\n" }).unwrap();
            (requests, theirs)
        });
        assert_eq!(job.get("k").unwrap().as_deref(), Some("v"));
        while !job.fence_is_over().unwrap() {
            assert!(!early, "its end came before the answer");
            watch.wait(Duration::from_secs(60));
        }
        let (requests, _socket) = server.join().unwrap();
        // One read, one request: that is how Slurm takes them.
        assert_eq!(requests, ["cmd=barrier_in\n", "cmd=get kvsname= key=k\n"]);
        assert!(job.fence_is_over().unwrap());
    }
}

#[test]
fn the_client_and_the_server_understand_each_other() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = std::thread::spawn(move || serve(theirs));
    let mut job = Job::join(&nothing, conversation(ours), Some(0), Some(1)).unwrap();
    assert_eq!(job.launcher(), &Launcher::Pmi1("pmi1".into()));
    assert_eq!(job.appnum().unwrap(), Some(3));
    assert_eq!(job.universe_size().unwrap(), Some(8));
    assert_eq!(job.process_mapping().unwrap(), Some(ProcessMapping::one_host(1)));
    let blob: Vec<u8> = (0..10_000u32).map(|i| (i % 251) as u8).collect();
    job.put_blob("card-0", &blob).unwrap();
    job.put("plain", "a=b;c").unwrap();
    job.fence().unwrap();
    assert_eq!(job.get_blob("card-0").unwrap().as_deref(), Some(&blob[..]));
    assert_eq!(job.get("plain").unwrap().as_deref(), Some("a=b;c"));
    assert_eq!(job.get("absent").unwrap(), None);
    assert!(matches!(job.get_blob("plain"), Err(PmiError::Damaged { .. })));
    job.finalize().unwrap();
    drop(job);
    assert_eq!(server.join().unwrap(), None);
}

#[test]
fn what_no_launcher_carries_is_refused_here() {
    let mut job = Job::singleton();
    for (key, value) in [("a=b", "x"), ("a b", "x"), ("", "x"), ("a", "x y"), ("a", "x\\"), ("a", "x\n")] {
        assert!(matches!(job.put(key, value), Err(PmiError::Unfit { .. })), "{key:?} {value:?}");
    }
    assert!(matches!(job.put(&"k".repeat(64), "x"), Err(PmiError::Unfit { .. })));
    assert!(matches!(job.put("k", &"x".repeat(1024)), Err(PmiError::Unfit { .. })));
}

#[test]
fn hydra_4_and_slurm_are_understood() {
    // Without any rc, as hydra 4 has it.
    let mut job = scripted(&[
        "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n",
        "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024\n",
        "cmd=my_kvsname kvsname=kvs_13130_0_1639153095_vm\n",
        "cmd=universe_size size=-1\n",
        "cmd=appnum rc=0 appnum=-1\n",
        "cmd=barrier_out\n",
        "cmd=get_result rc=-1 msg=key_no_such_key_not_found value=unknown\n",
        "cmd=get_result rc=1\n",
    ])
    .unwrap();
    assert_eq!(job.universe_size().unwrap(), None);
    assert_eq!(job.appnum().unwrap(), None);
    job.fence().unwrap();
    assert_eq!(job.get("a").unwrap(), None);
    assert_eq!(job.get("a").unwrap(), None);
    // The launcher is gone: leaving is still in order.
    job.finalize().unwrap();
}

#[test]
fn a_launcher_that_fails_is_an_error_that_says_where() {
    let error = scripted(&["cmd=response_to_init rc=-1 pmi_version=2 pmi_subversion=0\n"]).unwrap_err();
    assert!(matches!(error, BootstrapError::Version { .. }), "{error}");
    let error = scripted(&["what?\n"]).unwrap_err();
    assert!(matches!(error, BootstrapError::Conversation(PmiError::Wire { doing: "init", .. })), "{error}");
    let error = scripted(&["cmd=barrier_out\n"]).unwrap_err();
    assert!(
        matches!(error, BootstrapError::Conversation(PmiError::Refused { doing: "init", .. })),
        "{error}"
    );
    let error = scripted(&[]).unwrap_err();
    assert!(matches!(error, BootstrapError::Conversation(PmiError::Closed { doing: "init", .. })), "{error}");
    let (ours, _theirs) = UnixStream::pair().unwrap();
    let error = Job::join(&nothing, conversation(ours), Some(2), Some(2)).unwrap_err();
    assert!(matches!(error, BootstrapError::Place { rank: Some(2), size: Some(2) }), "{error}");
}

#[test]
fn a_port_gives_rank_and_size() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let launcher = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut buffer = [0; 2048];
        for answer in [
            // As hydra 5 has it; hydra 4 sends a bare cmd=initack.
            "cmd=initack rc=0 rank=1 size=2 appnum=0 debug=0\ncmd=set size=2\ncmd=set rank=1\ncmd=set debug=0\n",
            "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n",
            "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n",
            "cmd=my_kvsname rc=0 kvsname=kvs_1\n",
        ] {
            assert_ne!(socket.read(&mut buffer).unwrap(), 0);
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    let job = Job::join_by_port(&nothing, &address, 1).unwrap();
    assert_eq!((job.rank(), job.size()), (1, 2));
    launcher.join().unwrap();
}
