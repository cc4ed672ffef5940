//! `sanswire json` as part of a pipeline: values leave as they arrive, memory stays small, and pipes may close.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use common::files::Folder;
use common::run::{Running, run, succeed};
use common::sanswire;

/// How much input a test of memory use generates.
const HUGE: usize = 200 << 20;
/// How much of it is written at once.
const BLOCK: usize = 1 << 20;
/// What the process may use at its peak, code and libraries included, in KiB.
const RESIDENT: u64 = 24 << 10;

#[test]
fn a_value_is_written_as_soon_as_it_is_complete() {
    let mut process = Running::start(&mut sanswire(&["json", "-", "--path", "items[].id"]));
    process.say_bytes(b"{\"items\": [{\"id\": \"fir");
    process.say_bytes(b"st\"}, {\"id\": 2");
    assert_eq!(process.next_line().as_deref(), Some("\"first\""));
    process.say_bytes(b", \"x\": [");
    assert_eq!(process.next_line().as_deref(), Some("2"));
    process.say_bytes(b"]}, {\"id\": 1e400}]}");
    let finished = process.finish();
    assert_eq!((finished.status, finished.text().as_str()), (Some(0), "1e400\n"));
}

#[test]
fn from_a_file_as_from_a_pipe() {
    let folder = Folder::new();
    let item = r#"{"id": 7, "text": "a \u00e9 b", "more": [1.5, {"deep": [true]}]}"#;
    let document = format!("{{\"items\": [{}]}}", vec![item; 20_000].join(",\n "));
    let file = folder.write("items.json", &document);
    let compact = r#"{"id":7,"text":"a é b","more":[1.5,{"deep":[true]}]}"#;

    let got = succeed(&mut sanswire(&["json", &file, "-p", "items[]"]));
    assert_eq!(got.text(), format!("{compact}\n").repeat(20_000));
    assert_eq!(got.stderr, "", "no progress bar where nobody watches");
    let got = succeed(&mut sanswire(&["json", &file]));
    assert_eq!(got.text(), format!("{{\"items\":[{}]}}\n", vec![compact; 20_000].join(",")));

    let file = folder.write("broken.json", &document[..document.len() - 1]);
    let got = run(&mut sanswire(&["json", &file, "--count"]));
    assert_eq!(got.status, Some(1));
    let place = format!("at line 20000 column {} (byte {})", item.len() + 3, document.len() - 1);
    let told = got.one_complaint();
    assert!(
        told.contains(&file) && told.contains("the input ends before") && told.ends_with(&place),
        "{told}"
    );
}

/// Feeds `head`, `unit` until it is about [`HUGE`], and `tail`; returns the peak of the resident memory in KiB before
/// the tail, and the number of bytes written.
fn pass_through(arguments: &[&str], head: &str, unit: &str, tail: &str) -> (u64, u64) {
    let mut child = start(&mut sanswire(arguments));
    let mut stdout = child.stdout.take().unwrap();
    let reader = thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()).unwrap());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(head.as_bytes()).unwrap();
    let block = unit.repeat(BLOCK / unit.len());
    for _ in 0..HUGE / BLOCK {
        stdin.write_all(block.as_bytes()).unwrap();
    }
    let peak = peak(&child);
    stdin.write_all(tail.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    (peak, reader.join().unwrap())
}

fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// The peak of its resident memory so far, in KiB; 0 where the system does not tell.
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}

#[test]
fn many_values_take_no_memory() {
    let text = "All work and no play makes a long text; ".repeat(100);
    let unit = format!("{{\"id\": 12345, \"text\": \"{text}\", \"flags\": [true, null]}},\n");
    let arguments = ["json", "-", "--path", "items[].text"];
    let (peak, written) = pass_through(&arguments, "{\"items\": [", &unit, "{\"text\": 1}]}");
    let values = HUGE / BLOCK * (BLOCK / unit.len());
    assert_eq!(written, (values * (text.len() + 3) + 2) as u64);
    assert!(peak < RESIDENT, "{peak} KiB");
}

#[test]
fn a_huge_text_takes_no_memory() {
    let unit = "one text without an end, as seen from within it, ";
    let (peak, written) = pass_through(&["json", "-", "--path", "a"], "{\"a\": \"", unit, "\"}");
    assert!(written > (HUGE - (HUGE >> 4)) as u64, "{written} bytes written");
    assert!(peak < RESIDENT, "{peak} KiB");
}

#[test]
fn a_huge_number_takes_no_memory() {
    let (peak, written) = pass_through(&["json", "-"], "1", "0123456789", "");
    assert!(written > (HUGE - (HUGE >> 4)) as u64, "{written} bytes written");
    assert!(peak < RESIDENT, "{peak} KiB");
}

#[test]
fn a_huge_container_is_passed_on_as_it_arrives() {
    let unit = format!("\"{}\", ", "x".repeat(1000));
    let (peak, written) = pass_through(&["json", "-", "--path", "a"], "{\"a\": [", &unit, "1]}");
    assert!(written > (HUGE - (HUGE >> 4)) as u64, "{written} bytes written");
    assert!(peak < RESIDENT, "{peak} KiB");
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let mut command = sanswire(&["json", "-", "--path", "[]"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let block = "[[1], [2]".to_owned() + &", [3, 4]".repeat(1 << 20);
        // It ends by itself, so the pipe breaks.
        stdin.write_all(block.as_bytes()).is_err()
    });
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 8];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"[1]\n[2]\n");
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
    assert!(writer.join().unwrap());
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let folder = Folder::new();
    let file = folder.write("one.json", "[1]");
    for arguments in
        [&["json", &file][..], &["json", &file, "--count"], &["json", &file, "--count", "-p", "a"]]
    {
        let output = sanswire(arguments).stdout(full.try_clone().unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            told.starts_with("sanswire: cannot write standard output: ") && told.lines().count() == 1,
            "{told}"
        );
    }
}
