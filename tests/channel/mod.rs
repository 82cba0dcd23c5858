//! Providers as translations: webhooks to happenings, messages to requests.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where it fails, and says what it skips"
)]

mod outbound;
mod properties;
mod signatures;
mod twilio;
mod whatsapp;

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use intake::{
    base::{Address, Private},
    channel::{Channel, Happening, Hook, Inbound, Request, Speed, Templates, TwilioChannel, WhatsAppChannel},
    engine::event::{Content, EventKind},
};
use jiff::Timestamp;

const PUBLIC_URL: &str = "https://intake.example.org";
const TWILIO_TOKEN: &str = "12345";
const APP_SECRET: &str = "app-secret";
/// 2026-03-02T10:00:00Z, an hour after the samples.
const NOW_S: i64 = 1_772_445_600;
const OUTBOX: &str = "0123456789abcdef0123456789abcdef.0123456789abcdef";

fn now() -> Timestamp {
    Timestamp::from_second(NOW_S).unwrap()
}

/// The folder of the vendors' samples, named by `INTAKE_SAMPLES`; `None` says on the console what is skipped.
fn samples(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("INTAKE_SAMPLES").map(|folder| PathBuf::from(folder).join("payloads"));
    if folder.is_none() {
        println!("skipped: {what}: INTAKE_SAMPLES is not set");
    }
    folder
}

/// The files of a folder, by name.
fn files(folder: PathBuf) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn own_samples(provider: &str) -> Vec<(String, String)> {
    files(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(provider))
}

fn twilio(from: &str) -> Channel {
    Channel::Twilio(TwilioChannel {
        name: "sms".to_owned(),
        account_sid: format!("AC{}", "0".repeat(32)),
        auth_tokens: vec![TWILIO_TOKEN.into()],
        from: Some(from.to_owned()),
        messaging_service_sid: None,
        base_url: "https://api.twilio.com".to_owned(),
        templates: Templates::named([("reminder", format!("HX{}", "a".repeat(32)))]),
        speed: Speed::of_twilio(Some(from)),
        reconcile_s: 60,
    })
}

fn whatsapp(phone_number_id: &str) -> Channel {
    Channel::WhatsApp(WhatsAppChannel {
        name: "wa".to_owned(),
        phone_number_id: phone_number_id.to_owned(),
        app_secrets: vec![APP_SECRET.into()],
        verify_token: "verify-me".into(),
        access_token: "bearer-token".into(),
        base_url: "https://graph.facebook.com/v23.0".to_owned(),
        templates: Templates::named([("reminder", "daily_reminder_v2"), ("reminder.es", "recordatorio_v1")]),
        speed: Speed::of_whatsapp(),
    })
}

/// A form as Twilio sends and signs it.
fn twilio_request(path: &str, form: &str) -> Request {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    let text: String = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let mac = Hmac::<sha1::Sha1>::new_from_slice(TWILIO_TOKEN.as_bytes()).unwrap().chain_update(format!("{PUBLIC_URL}{path}{text}"));
    http::Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
        .header("x-twilio-signature", STANDARD.encode(mac.finalize().into_bytes()))
        .body(Bytes::from(form.to_owned()))
        .unwrap()
}

/// A delivery as Meta signs it.
fn meta_request(body: &[u8]) -> Request {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap().chain_update(body);
    http::Request::post("/in/wa")
        .header("x-hub-signature-256", format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
        .body(Bytes::copy_from_slice(body))
        .unwrap()
}

fn receive(channel: &Channel, request: &Request, hook: Hook) -> Vec<String> {
    match channel.receive(request, PUBLIC_URL, now(), hook) {
        Inbound::Happenings(happenings) => happenings.iter().map(line).collect(),
        Inbound::Challenge(challenge) => vec![format!("challenge {challenge}")],
        Inbound::Refused => vec!["refused".to_owned()],
        Inbound::Unreadable(reason) => vec![format!("unreadable: {reason}")],
    }
}

/// The whole of a happening in one line, so that a table of them can be read.
fn line(happening: &Happening) -> String {
    let address = |address: &Address| address.canonical().into_inner();
    match happening {
        Happening::Event { address: whose, alias, event } => {
            let alias = alias.as_ref().map_or_else(String::new, |alias| format!(" (also {})", address(alias)));
            let EventKind::Message { channel, content } = &event.kind else { panic!("a channel brings messages only") };
            format!("{channel} {}{alias} {} {}: {}", address(whose), event.id, seconds_ago(event.at), said(content))
        }
        Happening::Receipt(receipt) => {
            let ours = receipt.outbox.as_ref().map_or("", |_| " of ours");
            format!("receipt {}{ours} {}: {:?}", receipt.provider_id, seconds_ago(receipt.at), receipt.state)
        }
        Happening::Ignored(reason) => format!("ignored: {reason}"),
    }
}

fn seconds_ago(at: Timestamp) -> String {
    format!("-{}s", NOW_S - at.as_second())
}

fn said(content: &Content) -> String {
    let shown = |text: &Private<String>| format!("{:?}", text.reveal());
    match content {
        Content::Text(text) => shown(text),
        Content::Tap { id, title } => format!("tap {id} {}", shown(title)),
        Content::Cards(cards) => {
            let card = |card: &intake::engine::event::Card| {
                let phones: Vec<&str> = card.phones.iter().map(|phone| phone.reveal().as_str()).collect();
                format!("{}[{}]", card.name.reveal(), phones.join(", "))
            };
            format!("cards {}", cards.iter().map(card).collect::<Vec<_>>().join("; "))
        }
        Content::OwnNumber(number) => format!("own number {}", number.reveal()),
        Content::Location { latitude, longitude } => format!("at {latitude},{longitude}"),
        Content::Media { kind, reference, caption } => format!("{kind} {} {}", reference.reveal(), shown(caption)),
        Content::Reaction { emoji } => format!("reaction {}", emoji.as_deref().unwrap_or("taken back")),
        Content::Edited { original, text } => format!("edited {original} {}", shown(text)),
        Content::Revoked { original } => format!("revoked {original}"),
        Content::Unsupported { kind } => format!("unsupported {kind}"),
        Content::OptOut { word, text } => format!("opt-out {word} {}", shown(text)),
    }
}

/// Compares what every sample gave with what was expected of it; a sample without a row, or a row without a sample, is a fault too.
fn compare(got: Vec<(String, Vec<String>)>, expected: &[(&str, &[&str])]) {
    let mut faults = Vec::new();
    for (name, lines) in &got {
        match expected.iter().find(|(expected, _)| expected == name) {
            Some((_, row)) if lines == row => {}
            Some((_, row)) => faults.push(format!("{name}: expected {row:#?}, got {lines:#?}")),
            None => faults.push(format!("{name}: no row for it; got {lines:#?}")),
        }
    }
    let missing = expected.iter().filter(|(name, _)| !got.iter().any(|(got, _)| got == name));
    faults.extend(missing.map(|(name, _)| format!("{name}: no sample")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
