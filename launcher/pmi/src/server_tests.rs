use super::*;
use proptest::prelude::*;

fn server(ranks: u32) -> Server {
    Server::new(ServerConfig {
        kvsname: "kvs_test".into(),
        appnums: vec![0; ranks as usize],
        universe_size: ranks,
        mapping: ProcessMapping::one_host(ranks),
        max_store_bytes: 1 << 20,
    })
}

/// What the server says to this input, each reply as `rank: text`.
fn talk(server: &mut Server, rank: usize, lines: &str) -> Vec<String> {
    let mut actions = Vec::new();
    server.receive(rank, lines.as_bytes(), &mut actions);
    actions
        .into_iter()
        .map(|action| match action {
            Action::Reply { rank, bytes } => {
                format!("{rank}: {}", String::from_utf8(bytes).unwrap().trim_end())
            }
            other => format!("{other:?}"),
        })
        .collect()
}

const INIT: &str = "cmd=init pmi_version=1 pmi_subversion=1\n";

#[test]
fn a_whole_conversation() {
    let mut server = server(2);
    assert_eq!(server.phase(0), Phase::Silent);
    for rank in 0..2 {
        assert_eq!(
            talk(&mut server, rank, INIT),
            [format!("{rank}: cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=1")]
        );
    }
    assert_eq!(
        talk(&mut server, 0, "cmd=get_maxes\n"),
        ["0: cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024"]
    );
    assert_eq!(
        talk(&mut server, 0, "cmd=get kvsname=kvs_test key=PMI_process_mapping\n"),
        ["0: cmd=get_result rc=0 msg=success value=(vector,(0,1,2))"]
    );
    assert_eq!(
        talk(&mut server, 1, "cmd=get kvsname=kvs_test key=PMI_hwloc_xmlfile\n"),
        ["1: cmd=get_result rc=-1 msg=key_not_found value=unknown"]
    );
    talk(&mut server, 0, "cmd=put kvsname=kvs_test key=card-0 value=a=b;c\n");
    // Whatever the order, nobody leaves before the last one comes.
    assert!(talk(&mut server, 1, "cmd=barrier_in\n").is_empty());
    assert_eq!(
        talk(&mut server, 1, "cmd=get kvsname=kvs_test key=card-0\n"),
        ["1: cmd=get_result rc=0 msg=success value=a=b;c"],
        "who waits may still look up"
    );
    assert_eq!(
        talk(&mut server, 0, "cmd=barrier_in\n"),
        ["0: cmd=barrier_out rc=0", "1: cmd=barrier_out rc=0"]
    );
    assert_eq!(
        talk(&mut server, 1, "cmd=get kvsname=kvs_test key=card-0\n"),
        ["1: cmd=get_result rc=0 msg=success value=a=b;c"]
    );
    for rank in 0..2 {
        assert_eq!(server.phase(rank), Phase::Joined);
        assert_eq!(talk(&mut server, rank, "cmd=finalize\n"), [format!("{rank}: cmd=finalize_ack rc=0")]);
        assert_eq!(server.phase(rank), Phase::Finalized);
    }
}

#[test]
fn a_program_may_follow_another_on_the_same_connection() {
    let mut server = server(1);
    for _ in 0..2 {
        talk(&mut server, 0, INIT);
        assert_eq!(talk(&mut server, 0, "cmd=barrier_in\n").len(), 1);
        talk(&mut server, 0, "cmd=finalize\n");
    }
    assert_eq!(server.phase(0), Phase::Finalized);
}

#[test]
fn what_cannot_be_is_refused_and_the_conversation_goes_on() {
    let mut server = server(1);
    assert_eq!(
        talk(&mut server, 0, "cmd=init pmi_version=2 pmi_subversion=0\n"),
        ["0: cmd=response_to_init rc=-1 pmi_version=1 pmi_subversion=1"]
    );
    assert_eq!(server.phase(0), Phase::Silent);
    talk(&mut server, 0, INIT);
    for (request, answer) in [
        ("cmd=put kvsname=other key=a value=b", "cmd=put_result rc=-1 msg=no_such_kvsname"),
        ("cmd=get kvsname=other key=a", "cmd=get_result rc=-1 msg=key_not_found value=unknown"),
        ("cmd=no_such_command", "cmd=no_such_command_result rc=-1 msg=unknown_command"),
        ("cmd=lookup_name service=s", "cmd=lookup_result rc=1 info=fail"),
        ("cmd=publish_name service=s port=p", "cmd=publish_result rc=0 msg=success info=ok"),
        ("cmd=lookup_name service=s", "cmd=lookup_result rc=0 info=ok port=p"),
        ("cmd=unpublish_name service=s", "cmd=unpublish_result rc=0 msg=success info=ok"),
        (
            "mcmd=spawn\nnprocs=1\nexecname=x\nendcmd",
            "cmd=spawn_result rc=-1 msg=this_launcher_starts_no_further_processes",
        ),
    ] {
        assert_eq!(talk(&mut server, 0, &format!("{request}\n")), [format!("0: {answer}")]);
    }
}

#[test]
fn garbage_fails_its_rank_alone() {
    for (lines, reason) in [
        ("hello\n", "does not begin"),
        ("cmd=get_maxes\n", "before init"),
        (&format!("{INIT}cmd=put key=a\n"), "kvsname"),
        (&format!("{INIT}cmd=finalize\ncmd=barrier_in\n"), "after finalize"),
        (&format!("{INIT}cmd=barrier_in\ncmd=get_maxes\n"), "in a fence"),
    ] {
        let mut server = server(2);
        let said = talk(&mut server, 0, lines);
        let last = said.last().unwrap();
        assert!(last.contains("Malformed") && last.contains(reason), "{lines:?}: {said:?}");
        assert!(talk(&mut server, 0, INIT).is_empty(), "nothing more is taken from it");
        assert_eq!(talk(&mut server, 1, INIT).len(), 1);
    }
}

#[test]
fn a_fence_that_can_never_end_is_told() {
    let mut server = server(2);
    talk(&mut server, 0, INIT);
    talk(&mut server, 0, "cmd=barrier_in\n");
    let mut actions = Vec::new();
    server.closed(1, &mut actions);
    assert_eq!(actions, [Action::Stuck { waiting: 0, gone: 1 }]);
}

#[test]
fn abort_carries_its_code() {
    let mut server = server(1);
    talk(&mut server, 0, INIT);
    let mut actions = Vec::new();
    server.receive(0, b"cmd=abort exitcode=7\n", &mut actions);
    assert_eq!(actions, [Action::Abort { rank: 0, code: 7, message: None }]);
}

proptest! {
    /// Whatever ranks send and whenever they go: no panic, every reply is a line for a rank that exists, and
    /// the count of ranks in the fence stays true.
    #[test]
    fn no_input_breaks_it(inputs in proptest::collection::vec((0usize..4, prop_oneof![
        Just(INIT.as_bytes().to_vec()),
        Just(b"cmd=barrier_in\n".to_vec()),
        Just(b"cmd=finalize\n".to_vec()),
        Just(Vec::new()),
        "cmd=(get|put|abort|publish_name|spawn|x)( (kvsname|key|value|exitcode|service)=[a-z_0-9-]{0,9}){0,4}\n"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
    ]), 0..40)) {
        let mut server = server(3);
        for (rank, bytes) in inputs {
            let mut actions = Vec::new();
            if bytes.is_empty() {
                server.closed(rank, &mut actions);
            } else {
                server.receive(rank, &bytes, &mut actions);
            }
            for action in actions {
                if let Action::Reply { rank, bytes } = action {
                    prop_assert!(rank < 3);
                    prop_assert!(bytes.ends_with(b"\n") && Message::parse(&bytes).is_ok());
                }
            }
            prop_assert_eq!(server.in_fence, server.ranks.iter().filter(|state| state.in_fence).count());
            prop_assert!(server.in_fence < 3);
        }
    }
}
