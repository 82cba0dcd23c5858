//! The designer's commands, run as a designer runs them.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

const GOOD: &str = "\
flow: hello
title: Hello
languages: [en]
for: anyone
emergency: emergency-text
ends: [complete]

silence:
  - after: 1 day
    end: no reply

steps:
  mood:
    say: Hello. Do you need a person?
    ask: yes/no
    then:
      - when: mood == yes
        escalate: routine
        because: Asked for a person
  bye:
    say: Goodbye.
    end: complete
";

const CHAT: &str = "\
flow: hello
phone ana: sms +15550100001
ana < Hello. Do you need a person? Reply YES or NO.
ana > no
ana < Goodbye.
end: complete
";

/// A folder `flows` with these files, in a folder of its own.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn intake(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_intake"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is missing in:\n{text}");
}

#[test]
fn check_points_at_the_spot_and_fails_on_errors_only() {
    let good = folder(&[("flows/hello.yaml", GOOD)]);
    for target in ["flows", "flows/hello.yaml", "hello"] {
        let output = intake(good.path(), &["check", target], "");
        assert_eq!(output.status.code(), Some(0), "{target}: {}", said(&output));
    }
    let bad =
        folder(&[("flows/hello.yaml", &GOOD.replace("mood == yes", "moood == yes").replace("    say: Goodbye.", "    sai: Goodbye."))]);
    let output = intake(bad.path(), &["check"], "");
    assert_eq!(output.status.code(), Some(1));
    for part in ["flows/hello.yaml:17:15", "did you mean `mood`", "flows/hello.yaml:21:5", "^", "2 errors"] {
        has(&said(&output), part);
    }
    let output = intake(bad.path(), &["check", "flows", "--format", "json"], "");
    assert_eq!(output.status.code(), Some(1));
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let first = &findings.as_array().unwrap()[0];
    assert_eq!(first["level"], "error");
    assert_eq!(first["place"]["span"]["file"], "flows/hello.yaml");
    assert_eq!(first["place"]["span"]["line"], 17);
}

#[test]
fn the_folders_own_shared_texts_are_read_and_told_by_their_path() {
    let own = GOOD.replace("say: Goodbye.", "say: \"{{> farewell}}\"");
    let dir = folder(&[("flows/hello.yaml", own.as_str()), ("templates/messages/farewell.hbs", "Fare well.\n")]);
    let output = intake(dir.path(), &["chat", "hello"], "no\n");
    has(&said(&output), "Fare well.");
    fs::write(dir.path().join("templates/messages/farewell.hbs"), "Fare {{#if").unwrap();
    let output = intake(dir.path(), &["check"], "");
    assert_eq!(output.status.code(), Some(1));
    has(&said(&output), "templates/messages/farewell.hbs:1:");
}

#[test]
fn what_is_not_there_is_said_with_what_to_give() {
    let empty = folder(&[("flows/notes.txt", "")]);
    for (args, part) in [
        (&["check", "nowhere"][..], "there is no nowhere; give a folder of flows"),
        (&["check", "flows"][..], "there is no flow in flows"),
        (&["explain", "F999"][..], "there is no code `F999`"),
        (&["chat", "flows"][..], "there is no flow in flows"),
    ] {
        let output = intake(empty.path(), args, "");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        has(&said(&output), part);
    }
    let good = folder(&[("flows/hello.yaml", GOOD)]);
    for (args, part) in [
        (&["chat", "hello", "--language", "english"][..], "`english` is no language"),
        (&["chat", "hello", "--channel", "fax"][..], "`fax` is no channel"),
        (&["chat", "hello", "--today", "soon"][..], "`soon` is no day"),
        (&["chat", "hello", "--person", "Ana:old"][..], "is no year of birth"),
        (&["chat", "flows"][..], "give one flow"),
    ] {
        let output = intake(good.path(), args, "");
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        has(&said(&output), part);
    }
}

#[test]
fn explain_prints_the_page_of_every_code_in_the_list() {
    let dir = folder(&[]);
    let list = String::from_utf8(intake(dir.path(), &["explain"], "").stdout).unwrap();
    assert!(list.lines().count() > 30, "{list}");
    for line in list.lines().step_by(9) {
        let code = line.split_whitespace().next().unwrap();
        let page = said(&intake(dir.path(), &["explain", &code.to_lowercase()], ""));
        for part in [code, "Why it matters", "So not:", "But:"] {
            has(&page, part);
        }
    }
}

#[test]
fn test_plays_the_transcripts_and_tells_what_none_visits() {
    let dir = folder(&[("flows/hello.yaml", GOOD), ("flows/hello.chat", CHAT)]);
    let output = intake(dir.path(), &["test"], "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for part in ["passed  flows/hello.chat", "1 passed, 0 failed", "flows/hello.yaml:17: arm 1 of `mood` (mood == yes)"] {
        has(&said(&output), part);
    }
    fs::write(dir.path().join("flows/other.chat"), CHAT.replace("Goodbye.", "See you.")).unwrap();
    fs::write(dir.path().join("flows/third.chat"), "flow: hello\nana < hi\n").unwrap();
    let output = intake(dir.path(), &["test", "flows"], "");
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "FAILED  flows/other.chat\n  flows/other.chat:5: ana gets other words\n    - See you.\n    + Goodbye.",
        "flows/third.chat:1: there is no phone",
        "flows/third.chat:2: there is no phone `ana`",
        "1 passed, 2 failed",
    ] {
        has(&said(&output), part);
    }
    let output = intake(dir.path(), &["test", "flows/hello.chat"], "");
    assert_eq!(output.status.code(), Some(0), "one transcript alone: {}", said(&output));
}

#[test]
fn chat_is_a_phone_and_a_desk() {
    let dir = folder(&[("flows/hello.yaml", GOOD)]);
    let input = "maybe\nyes\n/say Marta here\n/back\n/answers\n/wait 3x\n/dance\n";
    let output = intake(dir.path(), &["chat", "flows/hello.yaml", "--today", "2026-03-02", "--why"], input);
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "Reply YES or NO.",
        "> yes",
        "when `mood == yes` holds",
        "! routine call for a human: Asked for a person",
        "A person from City Health Department will write to you here",
        "Marta here",
        "Goodbye.",
        "mood = yes",
        "(hello ends: complete)",
        "(write /wait 26h",
        "(/help lists what can be done)",
    ] {
        has(&said(&output), part);
    }
    let output = intake(dir.path(), &["chat", "hello", "--channel", "whatsapp", "--stranger"], "hi\n/tap 2\n/tap Maybe\n");
    for part in ["[Yes] [No]", "Goodbye.", "(tap one of: Yes, No)"] {
        has(&said(&output), part);
    }
    let output = intake(dir.path(), &["chat", "hello"], "/wait 26h\n/quit\nnever read\n");
    has(&said(&output), "(hello ends: no reply)");
    assert!(!said(&output).contains("never read"));
}

#[test]
fn a_flow_with_errors_is_not_talked_to() {
    let dir = folder(&[("flows/hello.yaml", &GOOD.replace("mood == yes", "moood == yes"))]);
    let output = intake(dir.path(), &["chat", "hello"], "");
    assert_eq!(output.status.code(), Some(1));
    has(&said(&output), "did you mean `mood`");
}
