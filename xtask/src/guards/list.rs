//! The guards of the sensor console: how each is taken out, and which test must find that out.

use crate::broken_copy::Cut;

/// One guard.
pub(super) struct Guard {
    /// What it keeps away, as the command's table and docs/console.md have it.
    pub(super) name: &'static str,
    /// The test of its attack, `file::name`, in `sensor-console/tests/console`.
    pub(super) test: &'static str,
    pub(super) cuts: &'static [Cut],
}

const fn cut(file: &'static str, from: &'static str, to: &'static str) -> Cut {
    Cut { file, from, to }
}

pub(super) const GUARDS: &[Guard] = &[
    Guard {
        name: "CVE-2021-42310, file swapped after its check",
        test: "cve::cve_2021_42310_what_was_checked_is_what_is_used",
        cuts: &[cut(
            "sensor-console/src/uploads/held.rs",
            "(self.digest == digest).then(|| self.file.clone())",
            "Some(self.file.clone())",
        )],
    },
    Guard {
        name: "CVE-2021-42311, -42313, what is typed is a query",
        test: "cve::cve_2021_42311_and_42313_what_is_typed_is_no_query",
        // As the injected query did: whatever is not a name finds the first person there is.
        cuts: &[cut(
            "sensor-console/src/pages/sign_in.rs",
            "let name = PersonName::try_from(credentials.name.trim().to_owned()).ok();",
            "let name = PersonName::try_from(credentials.name.trim().to_owned()).ok();
    let name = name.or_else(|| console.accounts.first_admin());",
        )],
    },
    Guard {
        name: "CVE-2021-42312, reached before the sign-in",
        test: "cve::cve_2021_42312_nothing_is_reached_before_the_sign_in",
        // Whoever has no session gets one of the first admin.
        cuts: &[cut(
            "sensor-console/src/guard/gate.rs",
            "let session = session(&console, request.headers());",
            "let session = session(&console, request.headers()).or_else(|| {
        let address = std::net::IpAddr::from([127, 0, 0, 1]);
        let token = console.sessions.begin(&console.accounts.first_admin()?, address, clock::since_boot());
        console.sessions.touch(&token, clock::since_boot())
    });",
        )],
    },
    Guard {
        name: "a second first sign-in",
        test: "first_sign_in::nobody_becomes_admin_by_a_second_first_sign_in",
        cuts: &[cut(
            "sensor-console/src/pages/setup.rs",
            "    if console.accounts.is_empty() {
        return Ok(true);
    }
    Ok(console.agent.status().await?.setup == SetupState::Waiting)",
            "    Ok(console.agent.status().await.is_ok())",
        )],
    },
    Guard {
        name: "forged form (CSRF), the token",
        test: "forgery::a_form_without_the_sessions_token_changes_nothing",
        cuts: &[cut(
            "guard/src/forms.rs",
            "    given.as_bytes().ct_eq(known.as_bytes()).into()",
            "    given.as_bytes().ct_eq(known.as_bytes()).unwrap_u8() < 2",
        )],
    },
    Guard {
        name: "forged form (CSRF), the origin",
        test: "forgery::a_form_of_another_site_changes_nothing_even_with_the_token",
        cuts: &[cut("sensor-console/src/guard/gate.rs", "origin::is_ours(request.headers(), host)", "!host.is_empty()")],
    },
    Guard {
        name: "changes by whoever is no admin",
        test: "forgery::analysts_and_viewers_change_nothing_but_what_is_their_own",
        cuts: &[cut("sensor-console/src/guard/signed_in.rs", "if self.role.may_change()", "if self.role.may_change() || true")],
    },
    Guard {
        name: "a role that was taken away",
        test: "forgery::a_role_that_is_taken_away_is_gone_at_once",
        // The role that a session began with stays with it.
        cuts: &[cut(
            "sensor-console/src/guard/gate.rs",
            "    Some(SignedIn::new(session, account.role,",
            "    let role = {
        static BEGAN: std::sync::Mutex<Vec<(crate::sessions::SessionId, crate::accounts::Role)>> =
            std::sync::Mutex::new(Vec::new());
        let mut began = BEGAN.lock().ok()?;
        let known = began.iter().find(|(id, _)| *id == session.id).map(|(_, role)| *role);
        began.push((session.id, known.unwrap_or(account.role)));
        known.unwrap_or(account.role)
    };
    Some(SignedIn::new(session, role,",
        )],
    },
    Guard {
        name: "exports by viewers",
        test: "forgery::viewers_take_nothing_away",
        cuts: &[cut("sensor-console/src/guard/signed_in.rs", "if self.role.may_export()", "if self.role.may_export() || true")],
    },
    Guard {
        name: "a file let pass without a word",
        test: "let_pass::a_file_passes_by_an_admins_word_alone",
        cuts: &[cut("sensor-console/src/pages/brought.rs", " && word.let_pass == \"yes\"", "")],
    },
    Guard {
        name: "a file let pass by the word for another",
        test: "let_pass::the_word_is_for_the_file_that_was_shown",
        cuts: &[cut("sensor-console/src/pages/brought.rs", "held.digest() == word.digest && ", "")],
    },
    Guard {
        name: "a file let pass that is not what it should be",
        test: "let_pass::no_word_lets_pass_what_is_not_a_matter_of_time",
        cuts: &[cut(
            "sensor-console/src/pages/brought.rs",
            "LET_PASS.contains(&problem.code.as_str())",
            "(!problem.code.is_empty())",
        )],
    },
    Guard {
        name: "session fixation",
        test: "sessions::a_cookie_that_was_planted_before_the_sign_in_is_worth_nothing_after_it",
        // The token that the request brought is the session's after the sign-in.
        cuts: &[
            cut(
                "sensor-console/src/sessions/mod.rs",
                "        let token = entropy::token();
        let digest",
                "        self.begin_as(entropy::token(), person, address, now)
    }

    /// By a token of somebody else's making.
    pub fn begin_as(&self, token: String, person: &PersonName, address: IpAddr, now: Duration) -> String {
        let digest",
            ),
            cut(
                "sensor-console/src/pages/sign_in.rs",
                "    From(address): From,
    Unsigned(credentials)",
                "    From(address): From,
    headers: axum::http::HeaderMap,
    Unsigned(credentials)",
            ),
            cut(
                "sensor-console/src/pages/sign_in.rs",
                "    begin(&console, &found, address)
}

/// A new session",
                "    let Some(brought) = cookie::SESSION.token(&headers) else { return begin(&console, &found, address) };
    let token = console.sessions.begin_as(brought.to_owned(), &found, address, clock::since_boot());
    let mut response = Redirect::to(\"/\").into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie::SESSION.set(&token));
    response
}

/// A new session",
            ),
        ],
    },
    Guard {
        name: "cookie after signing out",
        test: "sessions::a_cookie_is_worth_nothing_after_signing_out",
        cuts: &[cut(
            "sensor-console/src/pages/account.rs",
            "    console.sessions.end(&session.person, session.id);
    console.audit",
            "    console.audit",
        )],
    },
    Guard {
        name: "cookie after a new password",
        test: "sessions::a_new_password_ends_the_other_sessions",
        cuts: &[cut(
            "sensor-console/src/pages/account.rs",
            "    console.sessions.end_all(&by.name, Some(by.session_id()));",
            "",
        )],
    },
    Guard {
        name: "path tricks",
        test: "requests::path_tricks_lead_nowhere",
        cuts: &[cut("guard/src/host.rs", "!path_is_plain(request.uri().path()) || ", "")],
    },
    Guard {
        name: "hosts of other characters",
        test: "requests::no_host_and_no_field_of_a_request_gets_into_an_answer",
        cuts: &[cut("guard/src/host.rs", " && host.bytes().all(allowed)", "")],
    },
    Guard {
        name: "header injection by names",
        test: "requests::what_is_typed_gets_into_no_header",
        cuts: &[cut("guard/src/person_name.rs", " || !begins_well || !text.chars().all(allowed)", "")],
    },
    Guard {
        name: "oversized upload, announced",
        test: "uploads::an_upload_that_is_announced_too_large_is_refused_unread",
        cuts: &[cut("guard/src/forms.rs", "if announced.is_some_and(", "if false && announced.is_some_and(")],
    },
    Guard {
        name: "oversized upload, of unknown length",
        test: "uploads::an_upload_of_unknown_length_ends_at_the_limit",
        cuts: &[
            cut("guard/src/forms.rs", "while length <= most", "while length <= usize::MAX"),
            cut("guard/src/forms.rs", "if length > limit {", "if length == usize::MAX {"),
        ],
    },
    Guard {
        name: "slow upload",
        test: "uploads::slow_uploads_end_in_time_and_nobody_else_waits_for_them",
        cuts: &[cut("guard/src/forms.rs", "timeout(within,", "timeout(Duration::from_secs(86_400),")],
    },
    Guard {
        name: "markup (XSS) in an activation file",
        test: "xss::fields_of_an_activation_file_are_text",
        cuts: &[cut(
            "sensor-console/src/parts.rs",
            "html! { (rule.why) }",
            "html! { (maud::PreEscaped(&rule.why)) }",
        )],
    },
    Guard {
        name: "markup (XSS) in a refusal",
        test: "xss::fields_of_a_refusal_are_text",
        cuts: &[cut(
            "sensor-console/look/src/refusal.rs",
            "li { (step) }",
            "li { (maud::PreEscaped(step)) }",
        )],
    },
    Guard {
        name: "markup (XSS) in the vendor's terms",
        test: "xss::the_vendors_terms_are_text",
        cuts: &[cut(
            "sensor-console/src/pages/flow/activation.rs",
            "pre { (terms.text) }",
            "pre { (maud::PreEscaped(&terms.text)) }",
        )],
    },
    Guard {
        name: "markup (XSS) in names",
        test: "xss::names_and_fields_of_the_status_are_text",
        cuts: &[cut(
            "sensor-console/src/pages/overview/view.rs",
            ".with(texts::SINCE, exact(active.committed_at))
        .with(texts::SUBSCRIPTION, view.subscription.name.to_string())",
            ".with(texts::SUBSCRIPTION, maud::PreEscaped(view.subscription.name.to_string()))",
        )],
    },
    Guard {
        name: "markup (XSS) in an alert",
        test: "xss::fields_of_an_alert_are_text",
        cuts: &[cut(
            "sensor-console/src/pages/alerts/detail.rs",
            "{ (alert.record.get()) }",
            "{ (maud::PreEscaped(alert.record.get())) }",
        )],
    },
    Guard {
        name: "markup (XSS), the content security policy",
        test: "requests::every_answer_has_its_security_headers",
        cuts: &[cut(
            "guard/src/headers.rs",
            "script-src 'self';",
            "script-src 'self' 'unsafe-inline';",
        )],
    },
    Guard {
        name: "changes by looking",
        test: "crawl::nobody_changes_anything_by_looking",
        // Opening the page draws the recovery's nonce, as its button does.
        cuts: &[cut(
            "sensor-console/src/pages/recovery.rs",
            "    // Looking draws no nonce.
",
            "    let _ = page(&console, None).await;
",
        )],
    },
];
