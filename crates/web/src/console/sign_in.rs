//! Signing in and out.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use bando_app::Error;
use bando_domain::Secret;
use http::{HeaderMap, StatusCode, header};

use super::answer::{Answer, html_with};
use super::cookies::{Cookies, Reader};
use super::fields::{Asked, Fields};
use crate::i18n::Lang;
use crate::state::{Source, Web};
use crate::views::console::SignIn;
use crate::views::{Notice, Tone};

/// `GET /console/sign-in`
pub(super) async fn page(
    State(web): State<Web>,
    headers: HeaderMap,
    Asked(query): Asked,
) -> Answer {
    let jar = CookieJar::from_headers(&headers);
    let next = safe_next(query.text("next"));
    if let Some(token) = Cookies::of(&web.app).token(&jar)
        && web.app.by_sign_in(&token).await.is_ok()
    {
        return Ok(Redirect::to(next.as_deref().unwrap_or("/console")).into_response());
    }
    let reader = Reader::of(&headers);
    let t = Lang::parse(query.text("lang")).unwrap_or(reader.t);
    let notice = match query.text("done") {
        "signed-out" => Some(Notice::new(Tone::Ok, t.signed_out())),
        _ => next
            .as_ref()
            .map(|_| Notice::new(Tone::Info, t.sign_in_needed())),
    };
    let page = SignIn {
        t,
        theme: reader.theme,
        username: String::new(),
        notice,
        next,
    };
    html_with(StatusCode::OK, &page)
}

/// `POST /console/sign-in`. A sign-in always gets a new token; one the browser had before is ended.
pub(super) async fn submit(
    State(web): State<Web>,
    source: Source,
    headers: HeaderMap,
    Asked(query): Asked,
    fields: Fields,
) -> Answer {
    let reader = Reader::of(&headers);
    let chosen = Lang::parse(query.text("lang"));
    let t = chosen.unwrap_or(reader.t);
    let next = safe_next(fields.text("next"));
    let password = Secret::new(fields.exact("password"));
    let username = fields.text("username");
    let checked = web
        .app
        .check_password(username, &password, &source.to_string())
        .await;
    let (status, text) = match checked {
        Ok(signed_in) => {
            let cookies = Cookies::of(&web.app);
            let mut jar = CookieJar::from_headers(&headers);
            if let Some(old) = cookies.token(&jar) {
                web.app.end_sign_in(&old).await?;
            }
            let agent = headers
                .get(header::USER_AGENT)
                .and_then(|v| v.to_str().ok());
            let token = web
                .app
                .begin_sign_in(signed_in.account.id, agent.unwrap_or_default())
                .await?;
            jar = jar.add(cookies.sign_in(&token));
            if let Some(lang) = chosen {
                jar = jar.add(cookies.choose_language(lang));
            }
            let next = next.as_deref().unwrap_or("/console");
            return Ok((jar, Redirect::to(next)).into_response());
        }
        Err(Error::SignedOut) => (StatusCode::UNAUTHORIZED, t.sign_in_wrong()),
        Err(Error::TooMany { .. }) => (StatusCode::TOO_MANY_REQUESTS, t.sign_in_too_often()),
        Err(other) => return Err(other.into()),
    };
    let page = SignIn {
        t,
        theme: reader.theme,
        username: username.chars().take(100).collect(),
        notice: Some(Notice::new(Tone::Bad, text)),
        next,
    };
    html_with(status, &page)
}

/// `POST /console/sign-out`
pub(super) async fn sign_out(State(web): State<Web>, jar: CookieJar) -> Answer {
    let cookies = Cookies::of(&web.app);
    if let Some(token) = cookies.token(&jar) {
        web.app.end_sign_in(&token).await?;
    }
    let jar = jar.add(cookies.signed_out());
    Ok((jar, Redirect::to("/console/sign-in?done=signed-out")).into_response())
}

/// Where to go after signing in, if that is one of our own pages.
fn safe_next(next: &str) -> Option<String> {
    let rest = next.strip_prefix("/console")?;
    let ours = rest.is_empty() || rest.starts_with(['/', '?']);
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && next.len() <= 1000;
    (ours && plain && !rest.starts_with("/sign-in")).then(|| next.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_only_to_our_own_pages() {
        for good in [
            "/console",
            "/console/payments?q=0712",
            "/console?done=saved",
        ] {
            assert_eq!(safe_next(good).as_deref(), Some(good));
        }
        for bad in [
            "",
            "/",
            "//evil.example",
            "/consolation",
            "/console\\@evil",
            "/console/sign-in",
            "https://evil.example/console",
            "/console/\r\nx",
        ] {
            assert_eq!(safe_next(bad), None, "{bad:?}");
        }
    }
}
