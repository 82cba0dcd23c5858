//! The second factor at the desk: set up, asked for, used once, lost, required.

use super::*;
use intake::security::second::{N_RECOVERY, Second};

/// The secret that a page shows, as an app reads it.
fn app(page: &Got) -> impl Fn(&Desk) -> String {
    let (_, rest) = page.body.split_once("<code class=\"secret\">").unwrap_or_else(|| panic!("a page with a secret:\n{}", page.body));
    let text = rest.split('<').next().unwrap().replace(' ', "");
    let secret = totp_rs::Secret::try_from_base32(text).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret.as_bytes().to_vec()).build().unwrap();
    move |desk| totp.generate(desk.service.clock().now().as_second().unsigned_abs()).to_string()
}

fn cookie(got: &Got) -> String {
    let all = got.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    all.map(|line| line.split(';').next().unwrap()).rfind(|pair| !pair.ends_with('=')).expect("a cookie is set").to_owned()
}

fn recovery_codes(page: &Got) -> Vec<String> {
    page.body.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

impl Desk {
    /// Gives the password, which is not enough: the cookie for the next step.
    async fn half(&self, login: &str) -> String {
        let got = self.try_login(login, PASSWORD).await;
        assert_eq!(got.place(), (StatusCode::SEE_OTHER, "/desk/login/code?next=%2Fdesk"), "{}", got.body);
        cookie(&got)
    }

    async fn code_page(&self, half: &str) -> Got {
        self.send(Request::get("/desk/login/code").header(header::COOKIE, half).body(Body::empty()).unwrap()).await
    }

    async fn code(&self, half: &str, code: &str) -> Got {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("code", code).append_pair("next", "/desk").finish();
        self.send(post("/desk/login/code").header(header::COOKIE, half).body(Body::from(body)).unwrap()).await
    }

    /// Gives a user a second factor behind the desk's back.
    async fn with_second(&self, login: &str) -> (Second, Vec<String>) {
        let (second, codes) = Second::new(self.service.clock());
        self.service.records().set_second(&login.into(), Some(&second)).await.unwrap();
        (second, codes.into_iter().map(|code| code.into_inner()).collect())
    }

    async fn actions(&self) -> Vec<String> {
        let rows = self.service.records().audit_rows(None, None, 50).await.unwrap();
        rows.into_iter().rev().map(|row| format!("{} {}", row.actor, row.action)).collect()
    }
}

#[tokio::test]
async fn a_user_sets_up_a_second_factor_and_is_asked_for_it_from_then_on() {
    let desk = Desk::open().await;
    let (browser, elsewhere) = (desk.login("ana").await, desk.login("ana").await);
    assert!(browser.get("/desk/second").await.body.contains("You log in with your password alone"));
    let wrong = browser.post("/desk/second", &[("do", "offer"), ("password", "not hers at all")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let offer = browser.post("/desk/second", &[("do", "offer"), ("password", PASSWORD)]).await;
    let shows = app(&offer);
    assert!(offer.body.contains("href=\"otpauth://totp/City%20Health%20Department:ana?secret&#x3D;"), "{}", offer.body);
    assert!(offer.body.contains("<path d=\"M4 4h1v1h-1z"), "a square to be read by the phone");
    assert_eq!(browser.post("/desk/second", &[("do", "confirm"), ("code", "000000")]).await.status, StatusCode::UNAUTHORIZED);
    assert!(browser.get("/desk/second").await.body.contains("password alone"), "not before a code was right");

    let done = browser.post("/desk/second", &[("do", "confirm"), ("code", &shows(&desk))]).await;
    assert_eq!((done.status, recovery_codes(&done).len()), (StatusCode::OK, N_RECOVERY), "{}", done.body);
    let anew = Browser { desk: &desk, cookie: cookie(&done), csrf: String::new() };
    assert!(anew.get("/desk/second").await.body.contains("Recovery codes left: 10."));
    for old in [&browser, &elsewhere] {
        assert_eq!(old.get("/desk").await.status, StatusCode::SEE_OTHER, "other sessions ended");
    }

    desk.wait(60);
    let half = desk.half("ana").await;
    assert!(half.starts_with("__Host-intake-half="), "{half}");
    for path in ["/desk", "/desk/second", "/desk/audit", "/desk/events"] {
        let got = desk.send(Request::get(path).header(header::COOKIE, &half).body(Body::empty()).unwrap()).await;
        assert!([StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED].contains(&got.status), "half a login opens nothing: {path}");
    }
    assert!(desk.code_page(&half).await.body.contains("six digits that your app shows"));
    let entered = desk.code(&half, &shows(&desk)).await;
    assert_eq!(entered.place(), (StatusCode::SEE_OTHER, "/desk"), "{}", entered.body);
    let browser = Browser { desk: &desk, cookie: cookie(&entered), csrf: String::new() };
    assert_eq!(browser.get("/desk").await.status, StatusCode::OK);
    assert_eq!(desk.code(&half, &shows(&desk)).await.place(), (StatusCode::SEE_OTHER, "/desk/login"), "the half is spent");
    let actions = desk.actions().await;
    assert_eq!(
        actions[2..],
        ["ana log-in refused", "ana code refused", "ana set up a second factor", "ana gave the password", "ana logged in"]
            .map(str::to_owned)
    );
}

#[tokio::test]
async fn a_code_and_a_recovery_code_count_once() {
    let desk = Desk::open().await;
    let (second, codes) = desk.with_second("ana").await;
    let code = second.code(desk.service.clock().now());
    for (typed, status) in
        [(code.as_str(), 303), (&code, 401), (&codes[0], 303), (&codes[0], 401), ("", 401), (&codes[1].to_uppercase(), 429)]
    {
        let half = desk.half("ana").await;
        assert_eq!(desk.code(&half, typed).await.status.as_u16(), status, "{typed}");
    }
    desk.wait(15 * 60 + 1);
    let half = desk.half("ana").await;
    let earlier = second.code(desk.service.clock().now() - SignedDuration::from_secs(90));
    assert_eq!(desk.code(&half, &earlier).await.status, StatusCode::UNAUTHORIZED, "too old");
    assert_eq!(desk.code(&half, &codes[1].to_uppercase()).await.status, StatusCode::SEE_OTHER, "nobody is shut out for good");
    assert!(desk.actions().await.contains(&"ana used a recovery code".to_owned()));
}

#[tokio::test]
async fn codes_are_throttled_by_account_however_many_passwords_are_given() {
    let desk = Desk::open().await;
    let (second, _) = desk.with_second("ana").await;
    let mut statuses = Vec::new();
    for n in 0..6 {
        let half = desk.half("ana").await;
        statuses.push(desk.code(&half, &format!("00000{n}")).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    let half = desk.half("ana").await;
    assert_eq!(desk.code(&half, &second.code(desk.service.clock().now())).await.status, StatusCode::TOO_MANY_REQUESTS, "nor a right one");
    let foreign = post("/desk/login/code").header(header::COOKIE, &half).header("sec-fetch-site", "cross-site");
    assert_eq!(desk.send(foreign.body(Body::from("code=1")).unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn where_it_is_required_nobody_gets_in_without() {
    let desk = Desk::open_with(&CONFIG.replace("hours = \"always\"", "hours = \"always\"\nsecond_factor = \"supervisor, admin\"")).await;
    let tracer = desk.login("ana").await;
    assert_eq!(tracer.get("/desk").await.status, StatusCode::OK, "not of tracers");
    let half = desk.half("sue").await;
    let page = desk.code_page(&half).await;
    let shows = app(&page);
    assert_eq!(shows(&desk), app(&desk.code_page(&half).await)(&desk), "the same secret when the page is loaded again");
    assert_eq!(desk.code(&half, "123").await.status, StatusCode::UNAUTHORIZED);
    let done = desk.code(&half, &shows(&desk)).await;
    assert_eq!((done.status, recovery_codes(&done).len()), (StatusCode::OK, N_RECOVERY), "{}", done.body);
    let browser = Browser { desk: &desk, cookie: cookie(&done), csrf: String::new() };
    assert_eq!(browser.get("/desk").await.status, StatusCode::OK);

    // What `intake user reset-second-factor` does.
    desk.service.records().set_second(&"sue".into(), None).await.unwrap();
    assert_eq!(browser.get("/desk").await.status, StatusCode::SEE_OTHER, "its sessions end");
    let half = desk.half("sue").await;
    assert_ne!(app(&desk.code_page(&half).await)(&desk), shows(&desk), "and the next login sets up another");
}

#[tokio::test]
async fn a_session_ends_with_its_password_and_its_second_factor_is_changed_by_a_code_only() {
    let desk = Desk::open().await;
    let browser = desk.login("ben").await;
    let hash = password::hash(&"another good password".into(), desk.service.clock()).unwrap();
    desk.service.records().set_password(&"ben".into(), &hash.to_stored().into()).await.unwrap();
    assert_eq!(browser.get("/desk").await.status, StatusCode::SEE_OTHER, "another password ends it");

    let (second, codes) = desk.with_second("ana").await;
    let half = desk.half("ana").await;
    let entered = desk.code(&half, &codes[0]).await;
    let mut browser = Browser { desk: &desk, cookie: cookie(&entered), csrf: String::new() };
    browser.csrf = browser.get("/desk").await.field("csrf");
    assert_eq!(browser.post("/desk/second", &[("do", "remove"), ("code", &codes[0])]).await.status, StatusCode::UNAUTHORIZED);
    let forged = browser.post_with("/desk/second", &[("do", "remove"), ("code", &codes[1])], "", &[]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let renewed = browser.post("/desk/second", &[("do", "codes"), ("code", &second.code(desk.service.clock().now()))]).await;
    let codes = recovery_codes(&renewed);
    assert_eq!(codes.len(), N_RECOVERY, "{}", renewed.body);
    let removed = browser.post("/desk/second", &[("do", "remove"), ("code", &codes[2])]).await;
    assert_eq!(removed.place(), (StatusCode::SEE_OTHER, "/desk/second"), "{}", removed.body);
    desk.login("ana").await;
}
