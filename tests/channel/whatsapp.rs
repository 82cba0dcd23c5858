//! The Cloud API's webhooks.

use intake::channel::{Hook, Inbound};

use super::*;

const OURS: &str = "100000000000001";

#[test]
fn our_samples_are_read() {
    let wa = whatsapp(OURS);
    let got = own_samples("whatsapp")
        .into_iter()
        .map(|(name, body)| (name, receive(&wa, &meta_request(body.as_bytes()), Hook::Inbound)))
        .collect();
    compare(
        got,
        &[
            (
                "batch",
                &[
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.1 -3600s: \"one\"",
                    "wa whatsapp:+15550100888 (also whatsapp:US.202) wamid.2 -3600s: \"two\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.3 -3600s: \"three\"",
                    "receipt wamid.S1 -3600s: Delivered",
                    "wa whatsapp:+15550100999 wamid.4 -3600s: \"four\"",
                ],
            ),
            (
                "senders",
                &[
                    "wa whatsapp:US.303 wamid.1 -3600s: \"no number\"",
                    "wa whatsapp:+15550100303 (also whatsapp:US.303) wamid.2 -3600s: \"number among the contacts\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.3 -3600s: \"both\"",
                    "ignored: a message without a sender",
                    "wa whatsapp:+5541988887777 wamid.5 -3600s: \"Brazil, older form\"",
                ],
            ),
            (
                "cards",
                &[
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.1 -3600s: cards Beto Ruiz[+1 (555) 010-0888]",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.2 -3600s: own number +15550100777",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.3 -3600s: cards Grandma[]",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.4 -3600s: cards Lu Gomez[555 0100, +15550100555]; School[+15550100556]",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.5 -3600s: own number +15550100777",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.5/1 -3600s: cards Beto[]",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.6 -3600s: unsupported contacts",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.7 -3600s: unsupported contacts",
                ],
            ),
            (
                "kinds",
                &[
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.1 -3600s: tap s1:fever:1:yes \"Yes\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.2 -3600s: tap s1:symptoms:1:cough \"Cough\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.3 -3600s: unsupported nfm_reply",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.4 -3600s: unsupported interactive",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.5 -3600s: tap s1:fever:1:no \"No\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.6 -3600s: \"Stop\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.7 -3600s: image 7001 \"my arm\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.8 -3600s: audio 7002 \"\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.9 -3600s: at 40.5,-73.25",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.10 -3600s: reaction 👍",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.11 -3600s: reaction taken back",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.12 -3600s: edited wamid.O \"two days\"",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.13 -3600s: revoked wamid.O",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.14 -3600s: unsupported unsupported",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.15 -3600s: unsupported poll",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.16 -3600s: unsupported hologram",
                    "ignored: a changed number",
                    "ignored: a group's message",
                    "wa whatsapp:+15550100777 (also whatsapp:US.101) wamid.19 -3600s: \"\"",
                ],
            ),
            (
                "statuses",
                &[
                    "receipt wamid.S1 of ours -3600s: Sent",
                    "receipt wamid.S1 -3600s: Read",
                    "receipt wamid.S2 -3600s: Failed(WindowShut)",
                    "receipt wamid.S3 -0s: Failed(GaveUp)",
                    "ignored: a deleted message of ours",
                    "ignored: a status that is not known",
                    "ignored: a status without a message id",
                    "ignored: a group's status",
                ],
            ),
            (
                "not_ours",
                &[
                    "ignored: for another number",
                    "ignored: a template's status",
                    "ignored: a change of another kind",
                    "ignored: a change without messages",
                    "ignored: a change without a value",
                ],
            ),
        ],
    );
}

/// What a folder of the vendors' samples says, without the ids that are Meta's and the times.
fn vendors(folder: PathBuf, ours: &str) -> Vec<(String, Vec<String>)> {
    let wa = whatsapp(ours);
    let said = |happening: &Happening| match happening {
        Happening::Event { .. } => {
            let line = line(happening);
            let (whose, said) = line.split_once(": ").unwrap();
            let whose: Vec<&str> = whose.split(' ').collect();
            let whose = whose.get(1..whose.len() - 2).unwrap().join(" ");
            format!("{whose}: {said}")
        }
        Happening::Receipt(_) | Happening::Ignored(_) => line(happening),
    };
    files(folder)
        .into_iter()
        .map(|(name, body)| match wa.receive(&meta_request(body.as_bytes()), PUBLIC_URL, now(), Hook::Inbound) {
            Inbound::Happenings(happenings) => (name, happenings.iter().map(said).collect()),
            Inbound::Challenge(_) | Inbound::Refused | Inbound::Unreadable(_) => panic!("{name} is signed and is JSON"),
        })
        .collect()
}

#[test]
fn the_examples_of_metas_own_document_are_read() {
    let Some(folder) = samples("Meta's webhook examples") else { return };
    compare(
        vendors(folder.join("whatsapp/meta-openapi-v23/webhook"), "106540352242922"),
        &[
            ("button_message", &["whatsapp:+16505551234: \"Unsubscribe\""]),
            ("contact_sharing_message", &["whatsapp:+16505551234: cards Lucía Gómez[+1 (983) 555-2319]"]),
            ("group_create_message", &["ignored: a change of another kind"]),
            ("group_remove_participants", &["ignored: a change of another kind"]),
            ("group_settings_update", &["ignored: a change of another kind"]),
            ("image_message", &["whatsapp:+16505551234: image 1003383421387256 \"Taj Mahal\""]),
            ("interactive_button_reply_message", &["whatsapp:+16505551234: tap cancel-button \"Cancel\""]),
            ("interactive_list_reply_message", &["whatsapp:+16505551234: tap priority_express \"Priority Mail Express\""]),
            ("location_message", &["whatsapp:+16505551234: at 37.44221496582,-122.16165924072"]),
            ("order_message", &["whatsapp:+16505551234: unsupported order"]),
            ("reaction_message", &["whatsapp:+16505551234: reaction 👍"]),
            ("system_message", &["ignored: a changed number"]),
            ("text_message", &["whatsapp:+16505551234: \"Does it come in another color?\""]),
            ("text_message_from_click_to_whatsapp_ad", &["whatsapp:+16505551234: \"Hello! Can I get more info on this?\""]),
            ("text_message_with_context_product_inquiry", &["whatsapp:+16505551234: \"Is this still available?\""]),
            ("unsupported_message", &["whatsapp:+16505551234: unsupported unsupported"]),
        ],
    );
}

#[test]
fn batches_repeats_and_disorder_are_read() {
    let Some(folder) = samples("made deliveries") else { return };
    let one = "whatsapp:+16505551234: ";
    compare(
        vendors(folder.join("whatsapp/made"), "106540352242922"),
        &[
            ("batch_same_message_twice", &[&format!("{one}\"one\""), &format!("{one}\"one\"")]),
            (
                "batch_two_entries_three_changes",
                &[
                    &format!("{one}\"one\""),
                    &format!("{one}\"two\""),
                    "receipt wamid.S1 -23029216s: Delivered",
                    "whatsapp:+16505559999: \"three\"",
                ],
            ),
            ("contact_card_no_phone", &[&format!("{one}cards Grandma[]")]),
            ("empty_entry", &[]),
            (
                "statuses_out_of_order_read_before_sent",
                &["receipt wamid.S1 -23029210s: Read", "receipt wamid.S1 -23029216s: Sent", "receipt wamid.S1 -23029214s: Delivered"],
            ),
            ("two_numbers_in_one_delivery", &[&format!("{one}\"to number one\""), "ignored: for another number"]),
            ("wrong_object", &["ignored: a delivery about another object"]),
        ],
    );
}

#[test]
fn the_samples_of_chatwoot_are_read() {
    let Some(folder) = samples("WhatsApp's deliveries of chatwoot") else { return };
    compare(
        vendors(folder.join("whatsapp/chatwoot"), "10634295353625"),
        &[
            ("attachment_with_errors", &["whatsapp:+2423423243: image b1c68f38 \"Check out my product!\""]),
            ("bsuid_and_phone", &["whatsapp:+919745786257 (also whatsapp:IN.2081978709342942): \"phone and bsuid\""]),
            ("bsuid_only_username", &["whatsapp:IN.2081978709342942: \"testing bsuid\""]),
            ("document_accented_filename", &["whatsapp:+2423423243: document b1c68f38 \"My résumé\""]),
            ("flow_response_invalid_json", &["whatsapp:+2423423243: unsupported nfm_reply"]),
            ("flow_response_json_missing", &["whatsapp:+2423423243: unsupported nfm_reply"]),
            (
                "image_without_message_id_or_field",
                &["whatsapp:+2423423243: image b1c68f38-8734-4ad3-b4a1-ef0c10d683 \"Check out my product!\""],
            ),
            ("restfb_status_failed_131026", &["ignored: for another number"]),
            ("restfb_status_sent_2022_pricing_cbp", &["receipt wamid.ID -0s: Sent"]),
        ],
    );
}

#[test]
fn a_failed_status_tells_why() {
    let Some(folder) = samples("a failed status") else { return };
    let body = std::fs::read(folder.join("whatsapp/chatwoot/restfb_status_failed_131026.json")).unwrap();
    let lines = receive(&whatsapp("REDACTED"), &meta_request(&body), Hook::Inbound);
    assert_eq!(lines, ["receipt wamid.HBgLMzI0NzY3NTUzNzYVAgARGBIzOTI2MzFGRjdBRjA4M0Y2RDQA -74214153s: Failed(WrongNumber)"]);
}

#[test]
fn a_message_without_an_id_has_the_same_one_each_time() {
    let body = |text: &str| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"value":{{"messages":[
            {{"from":"15550100777","timestamp":"1772442000","type":"text","text":{{"body":"{text}"}}}}]}}}}]}}]}}"#
        )
    };
    let wa = whatsapp(OURS);
    let lines = |text| receive(&wa, &meta_request(body(text).as_bytes()), Hook::Inbound);
    assert_eq!(lines("one"), lines("one"));
    assert_ne!(lines("one")[0].split(' ').nth(2), lines("two")[0].split(' ').nth(2));
}

#[test]
fn the_challenge_is_answered_to_who_knows_the_verify_token() {
    let wa = whatsapp(OURS);
    let asked = |query: &str| {
        let request = http::Request::get(format!("/in/wa?{query}")).body(Bytes::new()).unwrap();
        receive(&wa, &request, Hook::Inbound)
    };
    assert_eq!(asked("hub.mode=subscribe&hub.verify_token=verify-me&hub.challenge=115%2F8"), ["challenge 115/8"]);
    assert_eq!(asked("hub.mode=subscribe&hub.verify_token=verify-mE&hub.challenge=1158"), ["refused"]);
    assert_eq!(asked("hub.mode=subscribe&hub.challenge=1158"), ["refused"]);
    assert_eq!(asked("hub.mode=unsubscribe&hub.verify_token=verify-me&hub.challenge=1158"), ["refused"]);
    assert_eq!(asked(""), ["refused"]);
}

#[test]
fn a_delivery_is_refused_unless_it_is_signed() {
    let wa = whatsapp(OURS);
    let mut request = meta_request(br#"{"object":"page"}"#);
    assert_eq!(receive(&wa, &request, Hook::Inbound), ["ignored: a delivery about another object"]);
    *request.body_mut() = Bytes::from_static(br#"{"object":"Page"}"#);
    assert_eq!(receive(&wa, &request, Hook::Inbound), ["refused"]);
    request.headers_mut().clear();
    assert_eq!(receive(&wa, &request, Hook::Inbound), ["refused"]);
    assert_eq!(receive(&wa, &meta_request(b"{"), Hook::Inbound), ["unreadable: a delivery that is not JSON"]);
}
