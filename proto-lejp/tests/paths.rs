//! Which pattern a token hits, where it is, and what the wildcards stand for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use core::ops::ControlFlow;
use proptest::prelude::*;
use proto_lejp::story::Json;
use proto_lejp::{Config, Parser, PathError, PathSet, Paths, Token};
use strategies::json::{Layout, nested};

/// For each token but `Complete`: the pattern it hits, its path, and the wildcards.
fn hits(patterns: &[&str], text: &str) -> Vec<String> {
    let set = PathSet::<512>::compile(patterns).unwrap();
    let story = common::story_with(&Json { paths: &set, ..Json::default() }, text.as_bytes());
    assert_eq!(story.error, None, "{text}");
    let mut told = Vec::new();
    let mut parser = Parser::new(&set);
    let (consumed, _) = parser
        .each(text.as_bytes(), &mut [0; 1024], |parser, event| {
            let name = match event.token() {
                Token::Begin(_) => "begin",
                Token::End(_) => "end",
                Token::Key { .. } => "key",
                Token::Complete { .. } => return ControlFlow::<()>::Continue(()),
                _ => "value",
            };
            let hit = event.path().map_or("-".into(), |path| patterns[usize::from(path)].to_string());
            let wildcards: Vec<_> =
                (0..4).map_while(|i| parser.wildcard(i)).map(String::from_utf8_lossy).collect();
            told.push(format!("{name} {:#} {hit} {}", parser.path(), wildcards.join("|")).trim().to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(consumed, text.len());
    told
}

#[test]
fn every_token_of_a_document_has_its_path_and_a_container_the_same_at_both_ends() {
    assert_eq!(
        hits(&["", "a", "a[]", "a[].b", "c.d"], r#"{"a":[{"b":1},[2]],"c":{"d":null,"e":{}}}"#),
        [
            "begin  ",
            "key a a",
            "begin a a",
            "begin a[0] a[]",
            "key a[0].b a[].b",
            "value a[0].b a[].b",
            "end a[0] a[]",
            "begin a[1] a[]",
            "value a[1][0] -",
            "end a[1] a[]",
            "end a a",
            "key c -",
            "begin c -",
            "key c.d c.d",
            "value c.d c.d",
            "key c.e -",
            "begin c.e -",
            "end c.e -",
            "end c -",
            "end",
        ]
        .map(str::trim)
    );
}

/// The paths hit by the scalars of a document.
fn scalars(patterns: &[&str], text: &str) -> Vec<String> {
    hits(patterns, text)
        .into_iter()
        .filter_map(|line| Some(line.strip_prefix("value ")?.to_string()))
        .collect()
}

#[test]
fn a_key_that_contains_a_dot_is_one_segment() {
    let text = r#"{"a.b":1,"a":{"b":2},"x[]":3,"*":4}"#;
    assert_eq!(scalars(&["a.b"], text), ["a.b -", "a.b a.b", "x[] -", "* -"]);
    assert_eq!(scalars(&[r"a\.b", r"x\[]", r"\*"], text), [r"a.b a\.b", "a.b -", r"x[] x\[]", r"* \*"]);
}

#[test]
fn wildcards_stand_for_one_segment_and_at_the_end_for_all_below() {
    let text = r#"{"a":{"x":{"c":1,"d":2},"y":[{"c":3}]},"ab":{"c":4}}"#;
    assert_eq!(scalars(&["a.*.c"], text), ["a.x.c a.*.c x", "a.x.d -", "a.y[0].c -", "ab.c -"]);
    assert_eq!(scalars(&["a.*"], text), ["a.x.c a.* x", "a.x.d a.* x", "a.y[0].c a.* y", "ab.c -"]);
    assert_eq!(scalars(&["a*"], text), ["a.x.c a*", "a.x.d a*", "a.y[0].c a*", "ab.c a* b"].map(str::trim));
    assert_eq!(
        scalars(&["a.y[]*", "*.*"], text),
        ["a.x.c *.* a|x", "a.x.d *.* a|x", "a.y[0].c a.y[]*", "ab.c *.* ab|c"]
    );
    assert_eq!(
        scalars(&["*.c", "*.*.c", "*"], text),
        ["a.x.c *.*.c a|x", "a.x.d * a", "a.y[0].c * a", "ab.c *.c ab"]
    );
}

#[test]
fn order_gives_precedence() {
    let text = r#"{"x":{"a":{"b":1}}}"#;
    assert_eq!(scalars(&["x.*.*", "x.*"], text), ["x.a.b x.*.* a|b"]);
    assert_eq!(scalars(&["x.*", "x.*.*"], text), ["x.a.b x.* a"]);
    assert_eq!(scalars(&["*.a.b", "x.a.b"], text), ["x.a.b *.a.b x"]);
    assert_eq!(scalars(&["x.a.b", "*.a.b", "x.a.b"], text), ["x.a.b x.a.b"]);
}

#[test]
fn a_document_that_is_an_array_or_a_scalar() {
    assert_eq!(
        scalars(&["[]", "[][]", "[].a"], r#"[1,[2,[3]],{"a":4}]"#),
        ["[0] []", "[1][0] [][]", "[1][1][0] -", "[2].a [].a"]
    );
    assert_eq!(hits(&[""], "17"), ["value"]);
    assert_eq!(hits(&["*"], "[true]"), ["begin  -", "value [0] *", "end  -"]);
}

#[test]
fn prefixes_of_keys() {
    let text = r#"{"ab":1,"abc":2,"abcd":3,"a":4,"x":5,"b":6}"#;
    assert_eq!(
        scalars(&["abc", "ab*", "abc*", "x*"], text),
        ["ab ab*", "abc abc", "abcd ab* cd", "a -", "x x*", "b -"]
    );
    assert_eq!(
        scalars(&["abc*", "ab*", "a*.b"], text),
        ["ab ab*", "abc abc*", "abcd abc* d", "a -", "x -", "b -"]
    );
    assert_eq!(
        scalars(&["abc*.z", "ab*.z", "*.z"], r#"{"abq":{"z":1},"abcd":{"z":2},"b":{"z":3}}"#),
        ["abq.z ab*.z q", "abcd.z abc*.z d", "b.z *.z b"]
    );
}

#[test]
fn keys_with_escapes_and_long_keys() {
    let long = "k".repeat(300);
    let text =
        format!(r#"{{"\u0061b":{{"{long}":{{"z":1}},"z":2}},"":3,"abcdefgh":4,"abcdefghi":5,"a\u0000":6}}"#);
    let told = scalars(&["ab.*.z", "ab.z", "ab.q*", "abcdefghi", "abcdefgh"], &text);
    assert_eq!(
        told,
        ["ab........ ab.*.z", "ab.z ab.z", " -", "abcdefgh abcdefgh", "abcdefghi abcdefghi", "a\0 -"]
    );
    // Matching needs no memory for keys: a key that is not kept is matched all the same.
    let pattern = format!("ab.{long}.z");
    assert_eq!(scalars(&[&pattern], &text)[0], format!("ab........ {pattern}"));
}

#[test]
fn keys_alike_in_length_and_in_their_first_eight_bytes_are_told_apart() {
    assert_eq!(
        scalars(&["abcdefghi", "abcdefgh.x", "*"], r#"{"abcdefghi":1,"abcdefghj":2,"abcdefgh":{"x":3}}"#),
        ["abcdefghi abcdefghi", "abcdefghj * abcdefghj", "abcdefgh.x abcdefgh.x"]
    );
}

#[test]
fn a_key_longer_than_is_kept_whole_is_matched_by_its_beginning_only() {
    let long = "k".repeat(2000);
    let text = format!(r#"{{"{long}":1,"kx":2}}"#);
    let exact = "k".repeat(1000);
    assert_eq!(scalars(&[&exact, "kk*"], &text), ["... kk*", "kx -"]);
    assert_eq!(scalars(&["*"], &text), ["... *", "kx * kx"]);
}

#[test]
fn paths_beyond_the_room_come_back_into_view() {
    let key = "p".repeat(100);
    let text = format!(r#"{{"{key}":{{"{key}":{{"a":1}},"b":2}},"c":{{"d":3}}}}"#);
    assert_eq!(
        scalars(&["c.d"], &text),
        [format!("{key}........ -"), format!("{key}.b -"), "c.d c.d".into()]
    );
}

#[test]
fn patterns_of_the_greatest_length_and_containers_far_below() {
    let deep = ["a"; 23].join(".");
    let text = |n: usize| format!("{}1{}", r#"{"a":"#.repeat(n), "}".repeat(n));
    let hit =
        |patterns: &[&str], n: usize| scalars(patterns, &text(n))[0].contains(&format!(" {}", patterns[0]));
    assert!(hit(&[&deep], 23));
    assert!(!hit(&[&deep], 22) && !hit(&[&deep], 24) && !hit(&[&deep], 50));
    let tail = format!("{}.*", ["a"; 22].join("."));
    assert!(hit(&[&tail], 23) && hit(&[&tail], 24) && hit(&[&tail], 64));
    assert!(!hit(&[&tail], 22));
    // After a deep excursion the patterns of the outer levels still match.
    let text = format!(r#"{{"x":{},"y":1}}"#, "[".repeat(60) + &"]".repeat(60));
    assert_eq!(scalars(&["y"], &text), ["y y"]);
    assert_eq!(PathSet::<128>::compile(&[&["a"; 24].join(".")]).err(), Some(PathError::TooLong(0)));
}

#[test]
fn the_table_has_limits() {
    let many: Vec<String> = (0..129).map(|i| format!("key{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(PathSet::<1024>::compile(&many).err(), Some(PathError::TooMany));
    assert!(PathSet::<1024>::compile(&many[..128]).is_ok());
    assert_eq!(PathSet::<64>::compile(&many[..63]).err(), Some(PathError::Full));
    assert!(PathSet::<64>::compile(&many[..62]).is_ok());
    assert_eq!(PathSet::<100>::compile(&[]).err(), Some(PathError::Size));
    let set = PathSet::<1024>::compile(&many[..128]).unwrap();
    for (i, key) in many[..128].iter().enumerate() {
        let mut parser = Parser::new(&set);
        let text = format!("{{\"{key}\":1}}                    ");
        let mut found = None;
        let _ = parser.each(text.as_bytes(), &mut [], |_, event| {
            found = found.or(event.path());
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(found, Some(i as u16));
    }
}

#[test]
fn indices_beyond_the_room_are_not_told_and_nothing_else_changes() {
    let text = format!("{}7{}", "[0,".repeat(40), "]".repeat(40));
    let mut parser = Parser::<64, 160, 3>::with_config(Paths::none(), Config::default());
    let mut last = (0, 0);
    parser
        .each(text.as_bytes(), &mut [], |parser, event| {
            if let Token::Number { text: b"7", .. } = event.token() {
                last = (parser.indices().len(), parser.depth());
                assert_eq!(parser.indices(), [1, 1, 1]);
            }
            ControlFlow::<()>::Continue(())
        })
        .unwrap();
    assert_eq!(last, (3, 40));
    let mut blind = Parser::<64, 0, 0>::with_config(Paths::none(), Config::default());
    blind
        .each(br#"{"a":[1]}"#, &mut [], |parser, event| {
            if let Token::Number { .. } = event.token() {
                assert_eq!(format!("{:#}", parser.path()), "...[]");
            }
            ControlFlow::<()>::Continue(())
        })
        .unwrap();
}

/// The definition, without any table: does `pattern` match the path of these segments?
fn matches(pattern: &str, path: &[String]) -> bool {
    let mut rest = pattern;
    for (i, segment) in path.iter().enumerate() {
        if rest.is_empty() {
            return false;
        }
        if i == 0 && rest == "*" {
            return true;
        }
        if let Some(after) = rest.strip_prefix("[]") {
            if segment != "[]" {
                return false;
            }
            if after == "*" {
                return true;
            }
            rest = after;
            continue;
        }
        if i > 0 {
            let Some(after) = rest.strip_prefix('.') else { return false };
            rest = after;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (spelled, after) = rest.split_at(end);
        if segment == "[]" {
            return false;
        }
        match spelled.strip_suffix('*') {
            Some(prefix) if !segment.starts_with(prefix) => return false,
            Some(_) if after.is_empty() => return true,
            Some(_) => {}
            None if spelled != segment => return false,
            None => {}
        }
        rest = after;
    }
    rest.is_empty()
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let key = prop_oneof!["a", "b", "ab", "abc", "a\\*", "\\*", "ab\\*"];
    let segment = prop_oneof![3 => key.prop_map(|key| format!(".{key}")), 1 => Just("[]".to_string())];
    let pattern = prop::collection::vec(segment, 1..4).prop_map(|segments| {
        let joined = segments.concat().replace("\\*", "*");
        joined.strip_prefix('.').unwrap_or(&joined).to_string()
    });
    prop::collection::vec(pattern, 1..8)
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let keys = prop_oneof!["a", "b", "ab", "abc", "abcd", "c"];
    let scalars = prop::sample::select(&["null", "1", "\"x\""][..]).prop_map(String::from);
    nested(keys, scalars, 4).prop_map(|value| serde_json::from_str(&value.text(&Layout::default())).unwrap())
}

fn expected(
    value: &serde_json::Value,
    path: &mut Vec<String>,
    patterns: &[String],
    out: &mut Vec<Option<u16>>,
) {
    let hit = |path: &[String]| patterns.iter().position(|p| matches(p, path)).map(|i| i as u16);
    out.push(hit(path));
    match value {
        serde_json::Value::Array(elements) => {
            for element in elements {
                path.push("[]".into());
                expected(element, path, patterns, out);
                path.pop();
            }
            out.push(hit(path));
        }
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                path.push(key.clone());
                out.push(hit(path));
                expected(member, path, patterns, out);
                path.pop();
            }
            out.push(hit(path));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn the_table_agrees_with_the_definition(patterns in patterns(), value in value()) {
        let listed: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let set = PathSet::<1024>::compile(&listed).unwrap();
        let text = value.to_string();
        let mut found = Vec::new();
        let mut parser = Parser::new(&set);
        parser.each(text.as_bytes(), &mut [], |_, event| {
            if !matches!(event.token(), Token::Complete { .. }) {
                found.push(event.path());
            }
            ControlFlow::<()>::Continue(())
        }).unwrap();
        if let Some(event) = parser.receive_eof().unwrap() {
            let ends = matches!(event.token(), Token::Number { .. } | Token::Complete { .. });
            prop_assert!(ends);
        }
        let mut wanted = Vec::new();
        expected(&value, &mut Vec::new(), &patterns, &mut wanted);
        prop_assert_eq!(found, wanted);
    }
}
