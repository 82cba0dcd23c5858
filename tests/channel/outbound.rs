//! What leaves: exact bodies, and the judgement of the vendors' own schemas on everything that can be made.

use intake::{
    base::{Language, id::OutboxId},
    channel::{Encoded, SendContext, Unsendable},
    render::{
        Outgoing, Shape,
        outgoing::{Button, Row},
    },
};
use serde_json::{Value, json};

use super::*;

fn message(text: &str, shape: Shape) -> Outgoing {
    Outgoing { text: text.into(), shape, language: Language::english(), template: Some("reminder".to_owned()) }
}

fn buttons(titles: &[&str]) -> Shape {
    let button = |(n, title): (usize, &&str)| Button { id: format!("s1:fever:1:{n}"), title: (*title).into() };
    Shape::Buttons(titles.iter().enumerate().map(button).collect())
}

fn list(open: &str, rows: &[(&str, &str)]) -> Shape {
    let row = |(n, (title, description)): (usize, &(&str, &str))| Row {
        id: format!("s1:symptoms:1:{n}"),
        title: (*title).into(),
        description: (*description).into(),
    };
    Shape::List { open: open.to_owned(), rows: rows.iter().enumerate().map(row).collect() }
}

fn encode(channel: &Channel, message: &Outgoing, to: &str, window_shut: bool) -> Result<Request, Unsendable> {
    let outbox = OutboxId::from(OUTBOX);
    let context = SendContext { outbox: &outbox, window_shut, public_url: PUBLIC_URL };
    match channel.encode(message, &Address::parse(to).unwrap(), &context)? {
        Encoded::Requests(mut requests) => {
            assert_eq!(requests.len(), 1, "one entry of the outbox is one request");
            Ok(requests.remove(0))
        }
        Encoded::Kept => panic!("a provider's message is sent"),
    }
}

fn whatsapp_body(message: &Outgoing, to: &str, window_shut: bool) -> Result<Value, Unsendable> {
    let request = encode(&whatsapp("42"), message, to, window_shut)?;
    Ok(serde_json::from_slice(request.body()).unwrap())
}

fn schema(name: &str) -> Option<jsonschema::Validator> {
    let folder = samples(name)?;
    let schema: Value = serde_json::from_slice(&std::fs::read(folder.join("schemas").join(name)).unwrap()).unwrap();
    Some(jsonschema::validator_for(&schema).unwrap())
}

/// Every kind of body that can be made for WhatsApp.
fn bodies() -> Vec<Value> {
    let texts = ["Hi", &"é".repeat(1_024), &"x".repeat(1_025), &"😀".repeat(4_000)];
    let shapes = [
        Shape::Text,
        Shape::AskContact,
        buttons(&["Yes"]),
        buttons(&["Yes", "No", "I do not know"]),
        buttons(&["Yes", "Yes"]),
        buttons(&["a", "b", "c", "d"]),
        buttons(&[&"t".repeat(20)]),
        buttons(&[&"t".repeat(21)]),
        buttons(&[""]),
        list("Choose", &[("Cough", ""), ("Short of…", "Short of breath")]),
        list("Choose", &[("x", ""); 10]),
        list("Choose", &[("x", ""); 11]),
        list(&"o".repeat(21), &[("x", "")]),
        list("Choose", &[(&"t".repeat(24), &"d".repeat(72))]),
        list("Choose", &[(&"t".repeat(25), &"d".repeat(73))]),
        list("Choose", &[]),
    ];
    let mut bodies = Vec::new();
    for text in texts {
        for shape in &shapes {
            for to in ["whatsapp:+15550100777", "whatsapp:US.13491208655302741918"] {
                for window_shut in [false, true] {
                    bodies.extend(whatsapp_body(&message(text, shape.clone()), to, window_shut));
                }
            }
        }
    }
    assert!(bodies.len() > 240, "{} bodies", bodies.len());
    bodies
}

#[test]
fn every_whatsapp_body_is_as_metas_schema_has_it() {
    let Some(schema) = schema("meta_send_message.schema.json") else { return };
    for body in bodies() {
        let faults: Vec<String> = schema.iter_errors(&body).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}\n{body}");
    }
    let mut wrong = whatsapp_body(&message("Hi", buttons(&["Yes"])), "whatsapp:+15550100777", false).unwrap();
    wrong["interactive"]["action"]["buttons"][0]["reply"]["title"] = json!("x".repeat(21));
    assert!(!schema.is_valid(&wrong), "the schema does judge");
}

#[test]
fn every_twilio_form_is_as_twilios_schema_has_it() {
    let Some(schema) = schema("twilio_create_message.schema.json") else { return };
    let mut n = 0;
    for from in ["+15550100000", "whatsapp:+15550100000"] {
        let Channel::Twilio(mut channel) = twilio(from) else { panic!("Twilio") };
        for service in [None, Some(format!("MG{}", "b".repeat(32)))] {
            channel.messaging_service_sid = service;
            for shape in [Shape::Text, Shape::AskContact, buttons(&["Yes", "No"]), list("Choose", &[("Cough", "")])] {
                for to in ["sms:+15550100777", "whatsapp:+15550100777", "whatsapp:US.1349"] {
                    for window_shut in [false, true] {
                        let request =
                            encode(&Channel::Twilio(channel.clone()), &message("Fever?", shape.clone()), to, window_shut).unwrap();
                        let form = form_urlencoded::parse(request.body());
                        let body: Value = form
                            .map(|(name, value)| {
                                let value = if name == "SmartEncoded" { json!(value == "true") } else { json!(value) };
                                (name.into_owned(), value)
                            })
                            .collect::<serde_json::Map<_, _>>()
                            .into();
                        let faults: Vec<String> = schema.iter_errors(&body).map(|fault| fault.to_string()).collect();
                        assert!(faults.is_empty(), "{faults:?}\n{body}");
                        n += 1;
                    }
                }
            }
        }
    }
    assert_eq!(n, 96);
    assert!(!schema.is_valid(&json!({ "To": "+1", "ContentSid": "HX1" })), "the schema does judge");
}

#[test]
fn a_whatsapp_message_takes_the_shape_asked_for() {
    let base = |to: &str, kind: &str| json!({ "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "biz_opaque_callback_data": OUTBOX, "type": kind });
    let with = |mut base: Value, name: &str, part: Value| {
        base[name] = part;
        base
    };
    let to = "15550100777";
    let long = "x".repeat(1_025);
    for (message, expected) in [
        (message("Hi", Shape::Text), with(base(to, "text"), "text", json!({ "body": "Hi", "preview_url": false }))),
        (
            message("Fever?", buttons(&["Yes", "No"])),
            with(
                base(to, "interactive"),
                "interactive",
                json!({ "type": "button", "body": { "text": "Fever?" }, "action": { "buttons": [
                    { "type": "reply", "reply": { "id": "s1:fever:1:0", "title": "Yes" } },
                    { "type": "reply", "reply": { "id": "s1:fever:1:1", "title": "No" } },
                ] } }),
            ),
        ),
        (
            message("Which?", list("Choose", &[("Cough", ""), ("Short of…", "Short of breath")])),
            with(
                base(to, "interactive"),
                "interactive",
                json!({ "type": "list", "body": { "text": "Which?" }, "action": { "button": "Choose", "sections": [{ "rows": [
                    { "id": "s1:symptoms:1:0", "title": "Cough" },
                    { "id": "s1:symptoms:1:1", "title": "Short of…", "description": "Short of breath" },
                ] }] } }),
            ),
        ),
        (
            message("Your number?", Shape::AskContact),
            with(
                base(to, "interactive"),
                "interactive",
                json!({ "type": "request_contact_info", "body": { "text": "Your number?" }, "action": { "name": "request_contact_info" } }),
            ),
        ),
        (
            message(&long, buttons(&["Yes", "No"])),
            with(base(to, "text"), "text", json!({ "body": format!("{long}\n1. Yes\n2. No"), "preview_url": false })),
        ),
    ] {
        assert_eq!(whatsapp_body(&message, "whatsapp:+15550100777", false), Ok(expected));
    }
    let to_user = whatsapp_body(&message("Hi", Shape::Text), "whatsapp:US.1349", false).unwrap();
    assert_eq!((to_user.get("to"), &to_user["recipient"]), (None, &json!("US.1349")));
}

#[test]
fn with_the_window_shut_the_template_of_the_language_is_sent() {
    let mut shut = message("Fever?", buttons(&["Yes", "No"]));
    let body = |shut: &Outgoing| whatsapp_body(shut, "whatsapp:+15550100777", true);
    assert_eq!(body(&shut).unwrap()["template"], json!({ "name": "daily_reminder_v2", "language": { "code": "en" } }));
    shut.language = Language::parse("es-MX").unwrap();
    assert_eq!(body(&shut).unwrap()["template"], json!({ "name": "recordatorio_v1", "language": { "code": "es_MX" } }));
    shut.template = Some("daily-check".to_owned());
    assert_eq!(body(&shut).unwrap()["template"]["name"], json!("recordatorio_v1"), "a flow without a template of its own");
    shut.template = None;
    assert_eq!(body(&shut), Err(Unsendable::WindowShut));
}

#[test]
fn what_cannot_be_sent_says_why() {
    let sms = twilio("+15550100000");
    let refused = |channel: &Channel, text: &str, to: &str| encode(channel, &message(text, Shape::Text), to, false).unwrap_err();
    assert_eq!(refused(&whatsapp("42"), &"x".repeat(4_097), "whatsapp:+1"), Unsendable::TooLong);
    assert_eq!(refused(&whatsapp("42"), " \n", "whatsapp:+1"), Unsendable::Empty);
    assert_eq!(refused(&whatsapp("42"), "Hi", "sms:+1"), Unsendable::OtherMedium);
    assert_eq!(refused(&sms, &"x".repeat(1_601), "sms:+1"), Unsendable::TooLong);
    assert_eq!(refused(&sms, "Hi", "email:a@example.org"), Unsendable::OtherMedium);
    assert_eq!(refused(&sms, "", "sms:+1"), Unsendable::Empty);
    let Channel::WhatsApp(mut channel) = whatsapp("42") else { panic!("WhatsApp") };
    channel.base_url = "no address".to_owned();
    assert_eq!(refused(&Channel::WhatsApp(channel), "Hi", "whatsapp:+1"), Unsendable::Configuration);
}

#[test]
fn a_request_goes_to_the_provider_with_its_credential_unshown() {
    let request = encode(&whatsapp("42"), &message("Hi", Shape::Text), "whatsapp:+1", false).unwrap();
    assert_eq!((request.method().as_str(), request.uri().to_string()), ("POST", "https://graph.facebook.com/v23.0/42/messages".to_owned()));
    assert_eq!(request.headers()["authorization"], "Bearer bearer-token");
    assert!(!format!("{:?}", request.headers()).contains("bearer-token"));

    let request = encode(&twilio("+15550100000"), &message("Fever?", buttons(&["Yes", "No"])), "sms:+15550100777", false).unwrap();
    let sid = format!("AC{}", "0".repeat(32));
    assert_eq!(request.uri().to_string(), format!("https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json"));
    assert_eq!(request.headers()["authorization"], format!("Basic {}", STANDARD.encode(format!("{sid}:{TWILIO_TOKEN}"))));
    let form: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        form,
        [
            pair("To", "+15550100777"),
            pair("From", "+15550100000"),
            pair("Body", "Fever?\n1. Yes\n2. No"),
            pair("SmartEncoded", "true"),
            pair("StatusCallback", &format!("https://intake.example.org/receipt/sms?m={OUTBOX}")),
        ]
    );
}

#[test]
fn a_whatsapp_address_is_reached_through_twilio_by_whatsapp() {
    let form = |window_shut| -> Vec<(String, String)> {
        let request = encode(&twilio("whatsapp:+15550100000"), &message("Hi", Shape::Text), "whatsapp:US.1349", window_shut).unwrap();
        form_urlencoded::parse(request.body()).into_owned().take(3).collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (to, from) = (pair("To", "whatsapp:US.1349"), pair("From", "whatsapp:+15550100000"));
    assert_eq!(form(false), [to.clone(), from.clone(), pair("Body", "Hi")]);
    assert_eq!(form(true), [to, from, pair("ContentSid", &format!("HX{}", "a".repeat(32)))]);
}
