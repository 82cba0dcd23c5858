//! Twilio's webhooks.

use intake::channel::{Hook, Inbound};

use super::*;

#[test]
fn our_samples_are_read() {
    let sms = twilio("+15550100000");
    let got = own_samples("twilio")
        .into_iter()
        .map(|(name, form)| {
            let (path, hook) = if name.starts_with("status") {
                (format!("/receipt/sms?m={OUTBOX}"), Hook::Receipt)
            } else {
                ("/in/sms".to_owned(), Hook::Inbound)
            };
            let lines = receive(&sms, &twilio_request(&path, form.trim_end()), hook);
            (name, lines)
        })
        .collect();
    compare(
        got,
        &[
            ("sms_text", &["sms sms:+15550100777 SM01 -0s: \"no puedo respirar ☹\""]),
            ("sms_empty", &["sms sms:+15550100777 SM01 -0s: \"\""]),
            ("sms_opt_out", &["sms sms:+15550100777 SM01 -0s: opt-out STOP \"Stop\""]),
            ("sms_base64_of_parts", &["sms sms:+15550100777 SM01 -0s: \"My mother has had a fever since Monday and coughs\""]),
            (
                "mms_two_pictures",
                &[
                    "sms sms:+15550100777 SM01 -0s: image https://media.example/1 \"my arm\"",
                    "sms sms:+15550100777 SM01/1 -0s: document https://media.example/2 \"\"",
                ],
            ),
            ("whatsapp_text", &["sms whatsapp:+525512345678 SM01 -0s: \"hola\""]),
            ("whatsapp_button", &["sms whatsapp:+15550100777 SM01 -0s: tap s1:fever:1:yes \"Yes\""]),
            ("whatsapp_list", &["sms whatsapp:+15550100777 SM01 -0s: tap s1:symptoms:1:cough \"Cough\""]),
            ("whatsapp_location", &["sms whatsapp:+15550100777 SM01 -0s: at 40.5,-73.25"]),
            ("whatsapp_user_id_only", &["sms whatsapp:US.13491208655302741918 SM01 -0s: \"hi\""]),
            ("whatsapp_user_id_and_number", &["sms whatsapp:+15550100777 (also whatsapp:US.13491208655302741918) SM01 -0s: \"hi\""]),
            ("whatsapp_number_beside_user_id", &["sms whatsapp:+15550100777 (also whatsapp:US.13491208655302741918) SM01 -0s: \"hi\""]),
            ("messenger", &["ignored: a sender of another medium"]),
            ("status_delivered", &["receipt SM02 of ours -0s: Delivered"]),
            ("status_undelivered_landline", &["receipt SM02 of ours -0s: Failed(WrongNumber)"]),
            ("status_failed_unknown_code", &["receipt SM02 of ours -0s: Failed(GaveUp)"]),
            ("status_read", &["receipt SM02 of ours -0s: Read"]),
        ],
    );
}

#[test]
fn the_samples_of_chatwoot_are_read() {
    let Some(folder) = samples("Twilio's forms of chatwoot") else { return };
    let got = files(folder.join("twilio/chatwoot"))
        .into_iter()
        .map(|(name, form)| {
            let channel = twilio(if name.starts_with("whatsapp") { "whatsapp:+15550100000" } else { "+15550100000" });
            let lines = receive(&channel, &twilio_request("/in/sms", form.trim_end()), Hook::Inbound);
            (name, lines)
        })
        .collect();
    compare(
        got,
        &[
            ("media_internal_address_ssrf", &["sms sms:+12345 SMxx -0s: image http://internal.example/file.png \"media\""]),
            ("no_body", &["sms sms:+12345 SMxx -0s: \"\""]),
            ("null_bytes", &["sms sms:+12345 SMxx -0s: \"remove null bytes\""]),
            ("one_media", &["sms sms:+12345 SMxx -0s: image https://chatwoot-assets.local/sample.png \"testing3\""]),
            ("sms_minimal", &["sms sms:+12345 SMxx -0s: \"testing3\""]),
            (
                "two_media",
                &[
                    "sms sms:+12345 SMxx -0s: image https://chatwoot-assets.local/sample.png \"testing multiple media\"",
                    "sms sms:+12345 SMxx/1 -0s: image https://chatwoot-assets.local/sample.jpg \"\"",
                ],
            ),
            ("whatsapp_argentina_549", &["sms whatsapp:+5491123456789 SMxx -0s: \"Test message from Argentina\""]),
            ("whatsapp_argentina_54_same_person", &["sms whatsapp:+5491123456789 SMxx -0s: \"Test message from Argentina\""]),
            ("whatsapp_blank_profile_name", &["sms whatsapp:+1234567890 SMxx -0s: \"Hello without profile name\""]),
            ("whatsapp_brazil_12_digits_same_person", &["sms whatsapp:+5541988887777 SMxx -0s: \"Test message from Brazil old format\""]),
            ("whatsapp_brazil_13_digits", &["sms whatsapp:+5541988887777 SMxx -0s: \"Test message from Brazil\""]),
            ("whatsapp_bsuid_only", &["sms whatsapp:IN.2081978709342942 SMxx -0s: \"bsuid only\""]),
            (
                "whatsapp_bsuid_with_phone",
                &["sms whatsapp:+919745786257 (also whatsapp:IN.2081978709342942) SMxx -0s: \"phone follow up\""],
            ),
            ("whatsapp_ctwa_referral", &["sms whatsapp:+491741763110 SMxx -0s: \"Hallo! Kann ich hierzu mehr Informationen erhalten?\""]),
            ("whatsapp_location", &["sms whatsapp:+12345 SMxx -0s: at 12.160894393921,75.265205383301"]),
            ("whatsapp_mexico_521", &["sms whatsapp:+525512345678 SMxx -0s: \"Test message from Mexico\""]),
            ("whatsapp_profile_name", &["sms whatsapp:+1234567890 SMxx -0s: \"Hello with profile name\""]),
        ],
    );
}

#[test]
fn a_webhook_is_refused_unless_it_is_signed_for_this_very_address() {
    let sms = twilio("+15550100000");
    let form = "MessageSid=SM1&From=%2B15550100777&Body=hi";
    let refused = |request: &Request, public_url: &str| matches!(sms.receive(request, public_url, now(), Hook::Inbound), Inbound::Refused);
    assert!(!refused(&twilio_request("/in/sms", form), PUBLIC_URL));
    assert!(!refused(&twilio_request("/in/sms", form), "https://intake.example.org/"), "a slash at the end of the setting does no harm");
    assert!(refused(&twilio_request("/in/sms", form), "https://other.example.org"));
    let mut other_body = twilio_request("/in/sms", form);
    *other_body.body_mut() = Bytes::from_static(b"MessageSid=SM1&From=%2B15550100777&Body=ho");
    assert!(refused(&other_body, PUBLIC_URL));
    let mut unsigned = twilio_request("/in/sms", form);
    unsigned.headers_mut().clear();
    assert!(refused(&unsigned, PUBLIC_URL));
    let mut other_type = twilio_request("/in/sms", form);
    other_type.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert!(refused(&other_type, PUBLIC_URL), "a body that is no form needs its hash in the address");
}

#[test]
fn a_token_of_another_kind_is_not_taken_for_ours() {
    let sms = twilio("+15550100000");
    let lines = receive(&sms, &twilio_request("/receipt/sms?m=1", "MessageSid=SM2&MessageStatus=sent"), Hook::Receipt);
    assert_eq!(lines, ["receipt SM2 -0s: Sent"]);
    let lines = receive(&sms, &twilio_request("/in/sms", "MessageSid=SM2&MessageStatus=sent&SmsStatus=sent"), Hook::Inbound);
    assert_eq!(lines, ["receipt SM2 -0s: Sent"], "where one address was set for both");
    let lines = receive(&sms, &twilio_request("/receipt/sms", "MessageSid=SM2"), Hook::Receipt);
    assert_eq!(lines, ["unreadable: a receipt without a status"]);
    let lines = receive(&sms, &twilio_request("/in/sms", "MessageSid=SM2&Body=hi"), Hook::Inbound);
    assert_eq!(lines, ["unreadable: a message without a sender"]);
}

#[test]
fn twilio_is_answered_with_an_empty_document() {
    let answer = twilio("+15550100000").acknowledgement();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/xml; charset=utf-8");
    assert_eq!(answer.body().as_ref(), b"<Response/>");
}
