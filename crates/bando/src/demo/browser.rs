//! A browser without scripts, pictures or cookies: what the portal must be usable with.

use anyhow::{Context, Result, bail, ensure};
use url::Url;

/// The most redirects in a row.
const MAX_REDIRECTS: usize = 10;

/// One page open.
pub struct Browser {
    client: reqwest::Client,
    url: String,
    page: String,
}

/// A form of a page.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Browser {
    /// A browser with nothing open.
    ///
    /// # Errors
    /// When the machine has no HTTP client.
    pub fn new() -> Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            url: String::new(),
            page: String::new(),
        })
    }

    /// The address of the page.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The page.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Opens an address, wherever it leads.
    ///
    /// # Errors
    /// When it does not answer, or not with success.
    pub async fn go(&mut self, url: &str) -> Result<()> {
        self.load(self.client.get(url), Url::parse(url)?).await
    }

    /// Goes where the page refreshes to by itself.
    pub(super) async fn refresh(&mut self) -> Result<()> {
        let tag = self
            .page
            .split("<meta")
            .find(|tag| tag.contains("http-equiv=\"refresh\""));
        let content = tag.and_then(|tag| attribute(tag, "content"));
        let target = content
            .as_deref()
            .and_then(|content| content.split_once("url="))
            .map(|(_, url)| url);
        let target = target.with_context(|| format!("{} does not go on by itself", self.url))?;
        let target = Url::parse(&self.url)?.join(target)?;
        self.load(self.client.get(target.clone()), target).await
    }

    /// Sends the first form that has the field `with`, with these fields set and the others as they
    /// are on the page.
    ///
    /// # Errors
    /// When there is no such form, or as [`go`](Self::go).
    pub async fn submit(&mut self, with: &str, set: &[(&str, &str)]) -> Result<()> {
        let form = forms(&self.page)
            .into_iter()
            .find(|form| form.fields.iter().any(|(name, _)| name == with));
        let Form { action, mut fields } =
            form.with_context(|| format!("{} has no form with the field {with}", self.url))?;
        for (name, value) in set {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let target = Url::parse(&self.url)?.join(&action)?;
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        let request = self
            .client
            .post(target.clone())
            .header(
                http::header::CONTENT_TYPE,
                "application/x-www-form-urlencoded",
            )
            .body(body);
        self.load(request, target).await
    }

    /// Goes where the page leads by itself after a moment (`<meta http-equiv="refresh">`). Says
    /// whether it leads anywhere.
    ///
    /// # Errors
    /// As [`go`](Self::go).
    pub async fn follow(&mut self) -> Result<bool> {
        let Some(target) = refresh_target(&self.page) else {
            return Ok(false);
        };
        let target = Url::parse(&self.url)?.join(&target)?;
        self.go(target.as_str()).await?;
        Ok(true)
    }

    async fn load(&mut self, first: reqwest::RequestBuilder, mut at: Url) -> Result<()> {
        let mut request = first;
        for _ in 0..MAX_REDIRECTS {
            let answer = request
                .send()
                .await
                .with_context(|| format!("{at} does not answer"))?;
            if answer.status().is_redirection() {
                let to = answer
                    .headers()
                    .get(http::header::LOCATION)
                    .and_then(|to| to.to_str().ok());
                at = at.join(to.with_context(|| format!("{at} redirects to nowhere"))?)?;
                request = self.client.get(at.clone());
                continue;
            }
            let status = answer.status();
            self.page = answer.text().await?;
            ensure!(
                status.is_success(),
                "{at} answers {status}: {}",
                self.page.chars().take(300).collect::<String>()
            );
            self.url = at.into();
            return Ok(());
        }
        bail!("{at} redirects for ever")
    }
}

/// The forms of a page, with what their fields hold. Knows the HTML that our templates write.
fn forms(page: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for part in page.split("<form").skip(1) {
        let (head, rest) = part.split_once('>').unwrap_or((part, ""));
        let body = rest.split("</form>").next().unwrap_or_default();
        let mut fields: Vec<(String, String)> = Vec::new();
        for input in body.split("<input").skip(1) {
            let tag = input.split('>').next().unwrap_or_default();
            let Some(name) = attribute(tag, "name") else {
                continue;
            };
            let choice = matches!(
                attribute(tag, "type").as_deref(),
                Some("radio" | "checkbox")
            );
            if !choice || tag.contains(" checked") {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        forms.push(Form {
            action: attribute(head, "action").unwrap_or_default(),
            fields,
        });
    }
    forms
}

/// Where a page leads by itself; none if it stays, or only loads itself again.
fn refresh_target(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("http-equiv=\"refresh\"")?;
    let content = attribute(rest.split('>').next()?, "content")?;
    let (_, target) = content.split_once(";url=")?;
    Some(target.to_owned())
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_where_a_page_leads() {
        let page = r#"<head><meta http-equiv="refresh" content="1;url=/t/1?a=1&#38;b=2"></head>"#;
        assert_eq!(refresh_target(page).as_deref(), Some("/t/1?a=1&b=2"));
        let page = r#"<meta http-equiv="refresh" content="5">"#;
        assert_eq!(refresh_target(page), None);
    }

    #[test]
    fn reads_forms() {
        let page = r#"<form method="post" action="/a?x=1&#38;y=2"><input type="hidden" name="v" value="&#34;q&#34;">
            <input type="radio" name="plan" value="1"><input type="radio" name="plan" value="2" checked></form>
            <form action="b"><input name="c"></form>"#;
        let forms = forms(page);
        assert_eq!(forms[0].action, "/a?x=1&y=2");
        assert_eq!(
            forms[0].fields,
            [("v".into(), "\"q\"".into()), ("plan".into(), "2".into())]
        );
        assert_eq!(forms[1].fields, [("c".into(), String::new())]);
    }
}
