//! What is offered, agreed to, declined and refused: RFC 7692 sections 5 and 7.1, both roles.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use proto_ws::deflate::{Agreement, DeflateConfig, NegotiationError, Offer, OptionError};
use proto_ws::handshake::Extensions;

const DEFAULT: &str = "default";

/// `config` from options separated by commas.
fn config(options: &str) -> DeflateConfig {
    let mut config = DeflateConfig::default();
    for option in options.split(',').filter(|option| !option.is_empty() && *option != DEFAULT) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        config.set_option(name, value).unwrap();
    }
    config
}

fn accept(options: &str, offers: &str) -> Option<Agreement> {
    config(options).accept(Extensions::new(offers.as_bytes()).map(Result::unwrap))
}

fn check(options: &str, answer: &str) -> Result<Option<Agreement>, NegotiationError> {
    config(options).check(Extensions::new(answer.as_bytes()).map(Result::unwrap))
}

#[test]
fn what_a_server_answers() {
    for (options, offers, answer) in [
        // nothing asked for, nothing said
        (DEFAULT, "permessage-deflate", Some("")),
        (DEFAULT, "permessage-deflate; client_max_window_bits", Some("")),
        (DEFAULT, "x-other, permessage-deflate", Some("")),
        // what the client asks for is agreed to by repeating it
        (DEFAULT, "permessage-deflate; server_no_context_takeover", Some("; server_no_context_takeover")),
        (DEFAULT, "permessage-deflate; client_no_context_takeover", Some("; client_no_context_takeover")),
        (DEFAULT, "permessage-deflate; server_max_window_bits=8", Some("; server_max_window_bits=8")),
        (DEFAULT, "permessage-deflate; server_max_window_bits=9", Some("; server_max_window_bits=9")),
        (DEFAULT, "permessage-deflate; server_max_window_bits=15", Some("; server_max_window_bits=15")),
        (DEFAULT, "permessage-deflate; server_max_window_bits=\"10\"", Some("; server_max_window_bits=10")),
        (DEFAULT, "permessage-deflate; server_max_window_bits=\"1\\0\"", Some("; server_max_window_bits=10")),
        (DEFAULT, "permessage-deflate; client_max_window_bits=8", Some("; client_max_window_bits=8")),
        (DEFAULT, "permessage-deflate; client_max_window_bits=15", Some("; client_max_window_bits=15")),
        (
            DEFAULT,
            "permessage-deflate ;server_max_window_bits = 12; client_max_window_bits ;client_no_context_takeover;server_no_context_takeover",
            Some("; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"),
        ),
        // what the server wants of its own accord
        ("server_no_context_takeover", "permessage-deflate", Some("; server_no_context_takeover")),
        ("client_no_context_takeover", "permessage-deflate", Some("; client_no_context_takeover")),
        ("server_max_window_bits=11", "permessage-deflate", Some("; server_max_window_bits=11")),
        (
            "server_max_window_bits=11",
            "permessage-deflate; server_max_window_bits=9",
            Some("; server_max_window_bits=9"),
        ),
        (
            "server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits=11",
            Some("; server_max_window_bits=9"),
        ),
        // a smaller window of the client only where the client can do that
        ("client_max_window_bits=11", "permessage-deflate", Some("")),
        (
            "client_max_window_bits=11",
            "permessage-deflate; client_max_window_bits",
            Some("; client_max_window_bits=11"),
        ),
        (
            "client_max_window_bits=11",
            "permessage-deflate; client_max_window_bits=9",
            Some("; client_max_window_bits=9"),
        ),
        (
            "client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=9",
            Some("; client_max_window_bits=8"),
        ),
        // section 5.1: an offer that cannot be agreed to is passed over
        (
            DEFAULT,
            "permessage-deflate; unknown, permessage-deflate; server_no_context_takeover",
            Some("; server_no_context_takeover"),
        ),
        (DEFAULT, "permessage-deflate; server_max_window_bits=16, permessage-deflate", Some("")),
        (
            DEFAULT,
            "permessage-deflate; server_no_context_takeover, permessage-deflate",
            Some("; server_no_context_takeover"),
        ),
        // unknown
        (DEFAULT, "permessage-deflate; unknown", None),
        (DEFAULT, "permessage-deflate; Server_no_context_takeover", None),
        // repeated
        (DEFAULT, "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        (DEFAULT, "permessage-deflate; client_no_context_takeover; client_no_context_takeover", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", None),
        (DEFAULT, "permessage-deflate; client_max_window_bits; client_max_window_bits=9", None),
        // ill-formed
        (DEFAULT, "permessage-deflate; server_no_context_takeover=1", None),
        (DEFAULT, "permessage-deflate; client_no_context_takeover=true", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=7", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=08", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=+9", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=100", None),
        (DEFAULT, "permessage-deflate; server_max_window_bits=1", None),
        (DEFAULT, "permessage-deflate; client_max_window_bits=16", None),
        (DEFAULT, "permessage-deflate; client_max_window_bits=ten", None),
        (DEFAULT, "permessage-deflate; client_max_window_bits=010", None),
        // another extension
        (DEFAULT, "permessage-bzip2", None),
        (DEFAULT, "x-webkit-deflate-frame", None),
        (DEFAULT, "", None),
    ] {
        let got = accept(options, offers).map(|agreement| agreement.to_string());
        let wanted = answer.map(|parameters| format!("permessage-deflate{parameters}"));
        assert_eq!(got, wanted, "{options}: {offers}");
    }
}

#[test]
fn what_a_client_offers() {
    for (options, offer) in [
        (DEFAULT, "; client_max_window_bits"),
        ("client_max_window_bits=10", "; client_max_window_bits=10"),
        ("server_max_window_bits=8", "; server_max_window_bits=8; client_max_window_bits"),
        (
            "server_no_context_takeover,client_no_context_takeover=1,server_max_window_bits=9,client_max_window_bits=8",
            "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=8",
        ),
        ("server_no_context_takeover,server_no_context_takeover=0", "; client_max_window_bits"),
    ] {
        assert_eq!(config(options).offer().to_string(), format!("permessage-deflate{offer}"), "{options}");
    }
}

#[test]
fn what_a_client_makes_of_the_answer() {
    use NegotiationError::*;
    for (options, answer, result) in [
        (DEFAULT, "", Ok(false)),
        (DEFAULT, "permessage-deflate", Ok(true)),
        (DEFAULT, "permessage-deflate; server_no_context_takeover", Ok(true)),
        (DEFAULT, "permessage-deflate; client_no_context_takeover", Ok(true)),
        (DEFAULT, "permessage-deflate; server_max_window_bits=8", Ok(true)),
        (DEFAULT, "permessage-deflate; client_max_window_bits=8", Ok(true)),
        (DEFAULT, "permessage-deflate; client_max_window_bits=15", Ok(true)),
        (DEFAULT, "permessage-deflate, permessage-deflate", Err(Repeated)),
        (DEFAULT, "permessage-deflate; unknown", Err(Parameters)),
        (DEFAULT, "permessage-deflate; server_no_context_takeover=1", Err(Parameters)),
        (DEFAULT, "permessage-deflate; server_max_window_bits", Err(Parameters)),
        (DEFAULT, "permessage-deflate; server_max_window_bits=7", Err(Parameters)),
        (DEFAULT, "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", Err(Parameters)),
        // in an answer it has a value
        (DEFAULT, "permessage-deflate; client_max_window_bits", Err(ClientWindow)),
        ("client_max_window_bits=9", "permessage-deflate; client_max_window_bits=10", Err(ClientWindow)),
        ("client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9", Ok(true)),
        ("client_max_window_bits=9", "permessage-deflate", Ok(true)),
        ("server_max_window_bits=9", "permessage-deflate", Err(ServerWindow)),
        ("server_max_window_bits=9", "permessage-deflate; server_max_window_bits=10", Err(ServerWindow)),
        ("server_max_window_bits=9", "permessage-deflate; server_max_window_bits=8", Ok(true)),
        ("server_no_context_takeover", "permessage-deflate", Err(ServerTakeover)),
        ("server_no_context_takeover", "permessage-deflate; server_no_context_takeover", Ok(true)),
        ("client_no_context_takeover", "permessage-deflate", Ok(true)),
    ] {
        let got = check(options, answer).map(|agreement| agreement.is_some());
        assert_eq!(got, result, "{options}: {answer}");
    }
}

#[test]
fn every_offer_of_ours_is_answered_to_our_liking() {
    let bits = ["8", "9", "10", "14", "15"];
    let takeover = ["0", "1"];
    for client in takeover.iter().flat_map(|a| takeover.iter().map(move |b| (a, b))) {
        for (server_bits, client_bits) in bits.iter().flat_map(|a| bits.iter().map(move |b| (a, b))) {
            let wanted = config(&format!(
                "server_no_context_takeover={},client_no_context_takeover={},server_max_window_bits={server_bits},client_max_window_bits={client_bits}",
                client.0, client.1,
            ));
            let offer = wanted.offer().to_string();
            for server in
                [DEFAULT, "server_max_window_bits=12,client_max_window_bits=12", "server_no_context_takeover"]
            {
                let agreed = accept(server, &offer).unwrap();
                let answer = agreed.to_string();
                let checked =
                    wanted.check(Extensions::new(answer.as_bytes()).map(Result::unwrap)).unwrap().unwrap();
                assert_eq!(checked.answer(), agreed.answer(), "{offer} -> {answer}");
            }
        }
    }
}

#[test]
fn options_by_name() {
    let mut config = DeflateConfig::default();
    for (name, value) in [
        ("server_no_context_takeover", "yes"),
        ("server_max_window_bits", "7"),
        ("server_max_window_bits", "16"),
        ("client_max_window_bits", ""),
        ("client_max_window_bits", "+9"),
        ("client_max_window_bits", "99999999999999999999"),
        ("compression_level", "10"),
        ("mem_level", "0"),
        ("mem_level", "10"),
        // below 128 bytes
        ("rx_buf_size", "6"),
        ("tx_buf_size", "25"),
        ("threshold", "65536"),
    ] {
        assert_eq!(config.set_option(name, value), Err(OptionError::Value), "{name}={value}");
    }
    assert_eq!(config.set_option("window_bits", "9"), Err(OptionError::Name));
    assert_eq!(config, DeflateConfig::default());
    for (name, value) in [
        ("server_no_context_takeover", ""),
        ("client_no_context_takeover", "1"),
        ("server_max_window_bits", "8"),
        ("client_max_window_bits", "9"),
        ("compression_level", "6"),
        ("mem_level", "5"),
        ("rx_buf_size", "10"),
        ("tx_buf_size", "11"),
        ("threshold", "1000"),
    ] {
        config.set_option(name, value).unwrap();
    }
    let expected = DeflateConfig {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: 8,
        client_max_window_bits: 9,
        compression_level: 6,
        mem_level: 5,
        rx_buf_size: 10,
        tx_buf_size: 11,
        threshold: 1000,
    };
    assert_eq!(config, expected);
}

#[test]
fn typed_values_out_of_range_are_moved_into_it() {
    let config =
        DeflateConfig { server_max_window_bits: 3, client_max_window_bits: 99, ..DeflateConfig::default() };
    let offer = config.offer();
    assert_eq!((offer.server_max_window_bits, offer.client_max_window_bits), (Some(8), Some(None)));
}

#[test]
fn an_offer_is_read_back() {
    let offer = Offer {
        server_no_context_takeover: true,
        client_no_context_takeover: false,
        server_max_window_bits: Some(15),
        client_max_window_bits: Some(Some(8)),
    };
    let text = offer.to_string();
    let extension = Extensions::new(text.as_bytes()).next().unwrap().unwrap();
    assert_eq!(Offer::parse(&extension), Some(offer));
}
