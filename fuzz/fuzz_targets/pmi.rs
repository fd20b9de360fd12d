//! What a rank may write to its launcher, and a launcher to its rank.
#![no_main]

use libfuzzer_sys::fuzz_target;
use olympi_pmi::wire::{Decoder, Message};
use olympi_pmi::{ProcessMapping, Server, ServerConfig};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let cut = 1 + usize::from(choice / 4);
    match choice % 4 {
        0 => cuts_do_not_matter(bytes, cut),
        1 => a_server_survives(bytes, cut),
        2 => {
            if let Ok(message) = Message::parse(bytes) {
                let again = Message::parse(&message.to_line());
                assert_eq!(again.map(|again| again.command().to_owned()), Ok(message.command().to_owned()));
            }
        }
        _ => {
            let Some(mapping) = std::str::from_utf8(bytes).ok().and_then(ProcessMapping::parse) else {
                return;
            };
            assert_eq!(mapping.hosts_of(64).len(), 64);
            assert_eq!(ProcessMapping::parse(&mapping.to_string()).as_ref(), Some(&mapping));
        }
    }
});

/// A stream is the same messages, however it is cut.
fn cuts_do_not_matter(bytes: &[u8], cut: usize) {
    let decode = |cut| {
        let mut decoder = Decoder::new();
        let mut told = Vec::new();
        for piece in bytes.chunks(cut) {
            decoder.push(piece);
            while let Some(message) = decoder.next() {
                let failed = message.is_err();
                told.push(message.map_err(|error| error.to_string()));
                if failed {
                    return told;
                }
            }
        }
        told
    };
    let (whole, cut) = (decode(bytes.len().max(1)), decode(cut));
    // Where the limit on a line's length is noticed may differ; what came before may not.
    let sound = |told: &[Result<Message, String>]| {
        told.iter().filter_map(|m| m.as_ref().ok().cloned()).collect::<Vec<_>>()
    };
    assert_eq!(sound(&whole), sound(&cut));
}

/// Three ranks write whatever they like; the last words of each are cut off.
fn a_server_survives(bytes: &[u8], cut: usize) {
    let mut server = Server::new(ServerConfig {
        kvsname: "kvs".to_owned(),
        appnums: vec![0, 0, 1],
        universe_size: 3,
        mapping: ProcessMapping::one_host(3),
        max_store_bytes: 4096,
    });
    let mut actions = Vec::new();
    for (turn, piece) in bytes.chunks(cut).enumerate() {
        server.receive(turn % 4, piece, &mut actions);
        server.phase(turn % 4);
        actions.clear();
    }
    for rank in 0..4 {
        server.closed(rank, &mut actions);
    }
}
