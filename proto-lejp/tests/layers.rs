//! Parsers on top of one another, in lejp's order of events.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proto_lejp::{
    Action, Call, Config, Dialect, Handler, Layers, NestedError, Parser, PathSet, Paths, Progress, Token,
};
use std::cell::RefCell;
use std::rc::Rc;

static MAIN: PathSet<'static, 32> =
    match PathSet::compile(&["sub", "arr", "change", "refuse", "tail", "deep"]) {
        Ok(paths) => paths,
        Err(_) => panic!("malformed pattern"),
    };
static SUB: PathSet<'static, 32> = match PathSet::compile(&["x", "[]", "sub", ""]) {
    Ok(paths) => paths,
    Err(_) => panic!("malformed pattern"),
};

#[derive(Clone, Default)]
struct Recorder {
    log: Rc<RefCell<Vec<String>>>,
    refuse_complete: bool,
}

impl Handler<'static> for Recorder {
    type Role = char;

    fn call(&mut self, role: char, parser: &Parser<'static>, call: Call<'_>) -> Action<'static, char> {
        let line = match call {
            Call::Token(event) => {
                let token = match event.token() {
                    Token::Key { part, .. } => format!("key {}", part.escape_ascii()),
                    Token::Text { part, .. } => format!("text {}", part.escape_ascii()),
                    Token::Number { text, .. } => format!("number {}", text.escape_ascii()),
                    token => format!("{token:?}"),
                };
                format!("{role} {token} {:?} {:#}", event.path(), parser.path())
            }
            call => format!("{role} {call:?}"),
        };
        self.log.borrow_mut().push(line.trim().to_string());
        match call {
            Call::Token(event) => match (event.token(), event.path()) {
                (Token::Key { part: b"sub", .. }, _) => Action::Push(&SUB, 's'),
                (Token::Begin(_), Some(1)) if role == 'm' => Action::Push(&SUB, 'a'),
                (Token::Key { part: b"change", .. }, _) => Action::Change('n'),
                (Token::Key { part: b"refuse", .. }, _) => Action::Refuse,
                (Token::Number { text: b"13", .. }, _) => Action::Push(&SUB, 'z'),
                _ => Action::Continue,
            },
            Call::Complete if self.refuse_complete => Action::Refuse,
            _ => Action::Continue,
        }
    }
}

/// What the handler is told of `text` in pieces of `size`, and what came of it.
fn run(text: &str, size: usize) -> (Vec<String>, Result<Option<usize>, String>) {
    let recorder = Recorder::default();
    let log = recorder.log.clone();
    let config = Config { dialect: Dialect::Strict, ..Config::default() };
    let mut layers = Layers::<Recorder, 2>::new(recorder, 'm', &MAIN, config);
    let mut pending = Vec::new();
    let mut result = Ok(None);
    for piece in text.as_bytes().chunks(size) {
        pending.extend_from_slice(piece);
        match layers.parse(&pending, &mut [0; 1024]) {
            Ok(Progress::NeedMore { consumed }) => drop(pending.drain(..consumed)),
            Ok(Progress::Done { unused }) => {
                result = Ok(Some(unused));
                break;
            }
            Err(error) => {
                assert_eq!(layers.parse(&pending, &mut [0; 1024]), Err(error));
                result = Err(format!("{error:?}"));
                break;
            }
        }
    }
    drop(layers);
    (log.take(), result)
}

#[track_caller]
fn check(text: &str, expected: &[&str], outcome: Result<(), &str>) {
    for size in 1..=text.len() {
        let (log, result) = run(text, size);
        assert_eq!(log, expected, "in pieces of {size}");
        assert_eq!(result.map(|_| ()), outcome.map_err(String::from));
    }
}

#[test]
fn a_document_without_layers_has_the_order_of_events_that_lejp_has() {
    check(
        r#"{"a":[1]}"#,
        &[
            "m Constructed",
            "m Start",
            "m Begin(Object) None",
            "m key a None a",
            "m Begin(Array) None a",
            "m number 1 None a[0]",
            "m End(Array) None a",
            "m End(Object) None",
            "m Complete",
            "m Destructed",
        ],
        Ok(()),
    );
}

#[test]
fn a_layer_pushed_at_a_key_has_the_value_and_ends_with_it() {
    check(
        r#"{"sub" : {"x":1,"sub":[2]},"sub":"t" ,"tail":3}"#,
        &[
            "m Constructed",
            "m Start",
            "m Begin(Object) None",
            "m key sub Some(0) sub",
            "s Begin(Object) Some(3)",
            "s key x Some(0) x",
            "s number 1 Some(0) x",
            "s key sub Some(2) sub",
            "s Begin(Array) Some(3)",
            "s number 2 Some(1) [0]",
            "s End(Array) Some(3)",
            "s End(Object) Some(3)",
            "m key sub Some(0) sub",
            "s text t Some(3)",
            "m key tail Some(4) tail",
            "m number 3 Some(4) tail",
            "m End(Object) None",
            "m Complete",
            "m Destructed",
        ],
        Ok(()),
    );
}

#[test]
fn a_layer_pushed_at_the_beginning_of_a_container_has_the_rest_of_it() {
    check(
        r#"[{"arr":0},[],7]"#.replace("[{\"arr\":0},[],7]", r#"{"arr":[7,[8]],"arr":{"x":[]},"arr":[],"tail":1}"#).as_str(),
        &[
            "m Constructed",
            "m Start",
            "m Begin(Object) None",
            "m key arr Some(1) arr",
            "m Begin(Array) Some(1) arr",
            "a number 7 Some(1) [0]",
            "a Begin(Array) Some(1) [1]",
            "a number 8 None [1][0]",
            "a End(Array) Some(1) [1]",
            "a End(Array) Some(3)",
            "m key arr Some(1) arr",
            "m Begin(Object) Some(1) arr",
            "a key x Some(0) x",
            "a Begin(Array) Some(0) x",
            "a End(Array) Some(0) x",
            "a End(Object) Some(3)",
            "m key arr Some(1) arr",
            "m Begin(Array) Some(1) arr",
            "a End(Array) Some(3)",
            "m key tail Some(4) tail",
            "m number 1 Some(4) tail",
            "m End(Object) None",
            "m Complete",
            "m Destructed",
        ],
        Ok(()),
    );
}

#[test]
fn another_role_takes_over() {
    check(
        r#"{"change":1}"#,
        &[
            "m Constructed",
            "m Start",
            "m Begin(Object) None",
            "m key change Some(2) change",
            "m Destructed",
            "n Constructed",
            "n Start",
            "n number 1 Some(2) change",
            "n End(Object) None",
            "n Complete",
            "n Destructed",
        ],
        Ok(()),
    );
}

#[test]
fn refusals_and_faults_are_told_once() {
    let begin = ["m Constructed", "m Start", "m Begin(Object) None"];
    check(
        r#"{"refuse":1}"#,
        &[
            &begin[..],
            &["m key refuse Some(3) refuse", "m Failed(Handler at offset 9 (1:10))", "m Destructed"],
        ]
        .concat(),
        Err("Handler at offset 9 (1:10)"),
    );
    check(
        "{\"sub\":\n[x]}",
        &[
            &begin[..],
            &[
                "m key sub Some(0) sub",
                "s Begin(Array) Some(3)",
                "s Failed(Value at offset 9 (2:2))",
                "m Destructed",
            ],
        ]
        .concat(),
        Err("Value at offset 9 (2:2)"),
    );
    check(
        r#"{"a":13}"#,
        &[
            &begin[..],
            &["m key a None a", "m number 13 None a", "m Failed(Handler at offset 7 (1:8))", "m Destructed"],
        ]
        .concat(),
        Err("Handler at offset 7 (1:8)"),
    );
    // Two layers may be pushed, not three.
    let (log, result) = run(r#"{"sub":{"sub":{"sub":1}}}"#, 100);
    assert_eq!(result, Err("Depth at offset 21 (1:22)".into()));
    assert!(log.contains(&"s Failed(Depth at offset 21 (1:22))".into()), "{log:?}");
    let (_, result) = run(r#"{"sub":{"sub":{"x":1}}}"#, 100);
    assert_eq!(result, Ok(Some(0)));
}

#[test]
fn what_follows_the_document_is_counted_and_the_end_of_the_input_may_be_a_fault() {
    assert_eq!(run("{}  trailing", 100).1, Ok(Some(10)));
    let recorder = Recorder { refuse_complete: true, ..Recorder::default() };
    let mut layers = Layers::<Recorder>::new(recorder, 'm', &MAIN, Config::LEJP);
    assert!(layers.parse(b"[]", &mut []).is_err());
    let mut layers = Layers::<Recorder>::new(Recorder::default(), 'm', &MAIN, Config::LEJP);
    assert_eq!(layers.parse(b"[1", &mut []), Ok(Progress::NeedMore { consumed: 1 }));
    assert_eq!(layers.parse_eof().map_err(|error| error.lejp_code()), Err(-3));
    let mut layers = Layers::<Recorder>::new(Recorder::default(), 'm', &MAIN, Config::default());
    assert_eq!(layers.parse(b"12", &mut []), Ok(Progress::NeedMore { consumed: 2 }));
    assert_eq!(layers.parse_eof(), Ok(()));
}

#[test]
fn a_nested_parser_is_given_only_where_a_value_is_about_to_come() {
    let mut outer = Parser::default();
    assert!(outer.nested(Paths::none()).is_none());
    assert_eq!(outer.rejoin(&Parser::default()), Err(NestedError::Unfinished));
    let step = outer.receive(b"[1]", &mut []).unwrap();
    assert_eq!(step.consumed, 1);
    let mut inner = outer.nested(Paths::none()).unwrap();
    assert_eq!(outer.rejoin(&inner), Err(NestedError::Unfinished));
    while inner.receive(b"", &mut []).unwrap().event.is_some() {}
    let mut at = 1;
    loop {
        let step = inner.receive(&b"[1]"[at..], &mut []).unwrap();
        at += step.consumed;
        if step.event.is_none() {
            break;
        }
    }
    assert_eq!((at, outer.rejoin(&inner)), (3, Ok(())));
    assert_eq!(outer.rejoin(&inner), Err(NestedError::Misuse));
    assert!(matches!(outer.receive(b"", &mut []).unwrap().event.unwrap().token(), Token::Complete { .. }));
    assert_eq!(outer.offset(), 3);
}
