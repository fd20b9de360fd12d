//! Without the library, or with one that is of no use, the reason is said, with the remedy.

mod common;

use olympi_ofi::{Config, StartError};

fn refusal(config: &Config) -> String {
    match common::try_open(config, 0, 2) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_library_that_is_not_there() {
    let config = Config { library: "/nowhere/libfabric.so.1".into(), ..Config::default() };
    let text = refusal(&config);
    assert!(text.contains("/nowhere/libfabric.so.1") && text.contains("OLYMPI_OFI_LIBRARY"), "{text}");
}

#[test]
fn a_file_that_is_no_library() {
    let config = Config { library: "/etc/hostname".into(), ..Config::default() };
    let text = refusal(&config);
    assert!(text.contains("ldd"), "{text}");
}

#[test]
fn a_library_that_is_another() {
    let config = Config { library: "libc.so.6".into(), ..Config::default() };
    let text = refusal(&config);
    assert!(text.contains("fi_getinfo") && text.contains("libfabric 1.9 or newer"), "{text}");
}

#[test]
fn a_provider_that_is_not_there() {
    if !common::there("tcp;ofi_rxm") {
        return;
    }
    let text = refusal(&common::config("warp"));
    assert!(text.contains("OLYMPI_OFI_PROVIDER=warp") && text.contains("tcp;ofi_rxm"), "{text}");
    let config = Config { domain: "warp0".into(), ..common::config("tcp;ofi_rxm") };
    let text = refusal(&config);
    assert!(text.contains("OLYMPI_OFI_DOMAIN=warp0"), "{text}");
}

#[test]
fn emulation_is_taken_only_when_asked_for() {
    if !common::there("tcp;ofi_rxm") {
        return;
    }
    let unasked = Config { provider: String::new(), ..common::config("") };
    match common::try_open(&unasked, 0, 2) {
        Err(StartError::Outdone { providers }) => assert!(providers.contains("tcp"), "{providers}"),
        Err(other) => panic!("{other}"),
        Ok(ofi) => assert!(!ofi.provider().contains("tcp"), "{}", ofi.provider()),
    }
    let ofi = common::open(&Config { asked_for: true, ..unasked }, 0, 2);
    assert!(!ofi.passed_over().is_empty(), "it says what else there is");
    assert!(ofi.provider() != "shm" && !ofi.provider().contains("ofi_rxd"), "{}", ofi.provider());
}

#[test]
fn a_rank_that_is_not_of_the_job() {
    assert!(matches!(common::try_open(&Config::default(), 2, 2), Err(StartError::NotARank { .. })));
}
