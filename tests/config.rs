//! Configuration files: what starts, and what an operator is told.

use std::path::Path;

use intake::{
    base::{Medium, clock::Clock},
    channel::Channel,
    config::{Seal, Settings, StoreUrl},
    security::Sealer,
};

const SMALL: &str = r#"
[[channel]]
name = "sms"
provider = "twilio"
account_sid = "AC00000000000000000000000000000000"
auth_token = { env = "PATH" }
from = "+15550100000"

[agency]
name = "City Health Department"
emergency_number = "911"
country = "US"
time_zone = "America/New_York"

[api]
tokens = [{ name = "ops", role = "admin", secret = { env = "PATH" } }]
"#;

fn read(text: &str) -> (tempfile::TempDir, Result<Settings, String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("intake.toml");
    std::fs::write(&file, text).unwrap();
    let read = Settings::read(&file).map_err(|problems| problems.to_string());
    (folder, read)
}

#[test]
fn a_channel_an_agency_and_a_token_are_enough() {
    let (folder, settings) = read(SMALL);
    let settings = settings.unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.server.public_url, "http://127.0.0.1:8080");
    assert_eq!(settings.store, StoreUrl::Sqlite(folder.path().join("intake.db")));
    assert_eq!(settings.records, settings.store);
    assert_eq!(settings.flows.dir, None);
    assert!(matches!(&settings.seal, Seal::MadeAt(file) if *file == folder.path().join("intake.key")), "{:?}", settings.seal);
    assert_eq!(settings.desk.hours.text(), "always");
    let warned: Vec<&str> = settings.warnings.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(warned, ["agency.phone_line", "desk.on_call"]);
}

#[test]
fn paths_start_at_the_folder_of_the_file_however_it_is_named() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let relative = Path::new(folder.path().file_name().unwrap());
    std::fs::write(relative.join("intake.toml"), SMALL).unwrap();
    let settings = Settings::read(&relative.join("intake.toml")).unwrap();
    assert_eq!(settings.store, StoreUrl::Sqlite(relative.join("intake.db")));
    assert_eq!(settings.records, settings.store);
}

#[test]
fn every_part_of_the_documented_file_is_read() {
    let text = r#"
        [server]
        listen = "127.0.0.1:8099"
        public_url = "https://intake.example.org/"
        [store]
        url = "redis://127.0.0.1:6379/0"
        [records]
        url = "sqlite:records.db"
        [flows]
        dir = "conversations"
        welcome = "hello"
        [seal]
        key = { file = "intake.key" }
        [agency]
        name = "City Health Department"
        emergency_number = "911"
        phone_line = "+15550100999"
        country = "US"
        time_zone = "America/New_York"
        [desk]
        hours = "Mon-Fri 08:00-18:00"
        on_call = ["sms:+15550100777"]
        [[channel]]
        name = "sms"
        provider = "twilio"
        account_sid = "AC00000000000000000000000000000000"
        auth_token = "a plain one"
        from = "+15550100000"
        base_url = "http://127.0.0.1:4020"
        [[channel]]
        name = "wa"
        provider = "whatsapp"
        phone_number_id = "106540352242922"
        app_secret = { env = "PATH" }
        verify_token = { env = "PATH" }
        access_token = { env = "PATH" }
        templates = { reminder = "daily_reminder_v2" }
        [[channel]]
        name = "phone"
        provider = "browser"
        medium = "whatsapp"
    "#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("conversations")).unwrap();
    let key = Sealer::generate(&Clock::machine());
    std::fs::write(folder.path().join("intake.key"), &key).unwrap();
    let file = folder.path().join("intake.toml");
    std::fs::write(&file, text).unwrap();
    let settings = Settings::read(&file).unwrap();
    assert_eq!(settings.server.public_url, "https://intake.example.org");
    assert_eq!(settings.webhook("sms"), "https://intake.example.org/in/sms");
    assert!(matches!(&settings.store, StoreUrl::Redis(url) if url.reveal() == "redis://127.0.0.1:6379/0"));
    assert_eq!(settings.records, StoreUrl::Sqlite(folder.path().join("records.db")));
    assert_eq!(settings.flows.dir.as_deref(), Some(folder.path().join("conversations").as_path()));
    assert_eq!(settings.flows.messages, folder.path().join("templates/messages"));
    assert!(matches!(&settings.seal, Seal::Given(given) if given.reveal() == key.trim()));
    assert_eq!(settings.desk.on_call.len(), 1);
    let media: Vec<Medium> = settings.channels.iter().map(Channel::medium).collect();
    assert_eq!(media, [Medium::Sms, Medium::WhatsApp, Medium::WhatsApp]);
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("a plain one") && !key.lines().any(|line| !line.starts_with('#') && shown.contains(line)),
        "a secret shows in the debug form"
    );
}

#[test]
fn what_is_wrong_is_told_with_line_key_and_what_to_write() {
    for (change, expected) in [
        (("from = ", "form = "), "line 7, `channel[0].form`: there is no such key; did you mean `from`?"),
        (
            ("provider = \"twilio\"", "provider = \"twillio\""),
            "there is no provider `twillio`; write one of twilio, whatsapp, browser (did you mean `twilio`?)",
        ),
        (("[agency]", "[agencie]"), "line 9, `agencie`: there is no such key; did you mean `agency`?"),
        (("emergency_number = \"911\"\n", ""), "`agency.emergency_number`: is missing; write `emergency_number = \"911\"`"),
        (("\"911\"", "911"), "line 11, `agency.emergency_number`: is a number, and must be a text in quotes"),
        (("\"US\"", "\"Utopia\""), "`Utopia` is no country; write its two capital letters, as in `US`"),
        (("America/New_York", "New York"), "`New York` is no time zone; write it as in `America/New_York`"),
        (
            ("auth_token = { env = \"PATH\" }", "auth_token = { env = \"INTAKE_NO_SUCH\" }"),
            "the environment has no variable `INTAKE_NO_SUCH`",
        ),
        (("auth_token = { env = \"PATH\" }", "auth_token = { file = \"none.txt\" }"), "none.txt cannot be read: entity not found"),
        (("auth_token = { env = \"PATH\" }\n", ""), "`channel[0].auth_token`: is missing; write `{ env = \"NAME\" }`"),
        (("role = \"admin\"", "role = \"boss\""), "`boss` is no role; write one of tracer, supervisor, author, auditor, admin"),
        (("name = \"sms\"", "name = \"My SMS\""), "stands in the webhook's address"),
        (("+15550100000", "555"), ""),
        (("+15550100000", "5550100000x"), "must be a number as in `+15550100000`"),
        (("[api]", "[store]\nurl = \"mysql:x\"\n[api]"), "write `sqlite:intake.db`, `redis://127.0.0.1:6379/0`, `redis-cluster://"),
        (("[api]", "[store]\nurl = \"redis-cluster://127.0.0.1:7000\"\n[api]"), "with Redis every node needs the same key"),
        (("[api]", "[store]\nreplicas = 1\n[api]"), "line 15, `store.replicas`: is for Redis"),
        (("[api]", "[store]\nreplicas = 9\n[api]"), "line 16, `store.replicas`: must be a number from 0 to 8"),
        (("[api]", "[store]\nreplicas_within_ms = 5\n[api]"), "`store.replicas_within_ms`: must be a number from 10 to 1500"),
        (("[api]", "[store]\nurl = \"redis://127.0.0.1\"\n[api]"), "with Redis every node needs the same key"),
        (("[api]", "[flows]\ndir = \"nowhere\"\n[api]"), "nowhere; name the folder of your flow files"),
        (("[api]", "[desk]\nhours = \"Mon to Fri\"\n[api]"), "line 16, `desk.hours`:"),
        (("[api]", "[desk]\non_call = [\"whatsapp:+15550100777\"]\n[api]"), "no channel carries `whatsapp`"),
        (("[api]", "[server]\nlisten = \"8080\"\n[api]"), "`8080` cannot be read; write it as in `127.0.0.1:8080`"),
        (("[api]", "[server]\nlisten = \"0.0.0.0:8080\"\n[api]"), "providers sign the address they call"),
        (("[api]", "[seal]\nkey = \"abc\"\n[api]"), "`seal.key`: is no key (line 1: write `index KEY`"),
        (("[api]", "[api"), "line 15, `file`: is no TOML here"),
    ] {
        let text = SMALL.replacen(change.0, change.1, 1);
        assert_ne!(text, SMALL, "{change:?} changes nothing");
        match read(&text).1 {
            Ok(_) => assert_eq!(expected, "", "{change:?} was taken"),
            Err(told) => assert!(!expected.is_empty() && told.contains(expected), "{change:?}:\n{told}"),
        }
    }
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let text = SMALL.replace("from =", "form =").replace("\"US\"", "\"Utopia\"").replace("\"admin\"", "\"boss\"");
    let told = read(&text).1.unwrap_err();
    for part in ["intake.toml cannot be used", "`channel[0].form`", "`channel[0].from`", "`Utopia`", "`boss`"] {
        assert!(told.contains(part), "{part} is not in:\n{told}");
    }
}

#[test]
fn a_plain_secret_is_warned_about_off_loopback_only() {
    let plain = SMALL.replacen("{ env = \"PATH\" }", "\"a plain one\"", 1);
    let public = format!("{plain}\n[server]\nlisten = \"0.0.0.0:8080\"\npublic_url = \"https://intake.example.org\"\n");
    for (text, warned) in [(plain, false), (public, true)] {
        let settings = read(&text).1.unwrap();
        assert_eq!(settings.warnings.iter().any(|problem| problem.key == "channel[0].auth_token"), warned);
    }
}

#[test]
fn a_missing_file_is_told() {
    let told = Settings::read(Path::new("/nowhere/intake.toml")).unwrap_err().to_string();
    assert!(told.contains("/nowhere/intake.toml cannot be used") && told.contains("intake demo"), "{told}");
}

#[test]
fn a_key_that_nobody_named_is_made_once_and_kept() {
    let (folder, settings) = read(SMALL);
    let clock = Clock::machine();
    let sealed = settings.unwrap().seal.sealer(&clock).unwrap().seal(&clock, b"here", b"something");
    let again = Settings::read(&folder.path().join("intake.toml")).unwrap();
    assert_eq!(again.seal.sealer(&clock).unwrap().open(b"here", &sealed).unwrap(), b"something");
    assert!(intake::config::seal::write_new(&folder.path().join("intake.key"), "other").is_err(), "a key was written over");
}
