//! Reconciliation: statements, where they come from, and what they disagree with the books about.

use axum::extract::Multipart;
use bando_app::{
    Cursor, DifferenceFilter, DifferenceState, Disagreement, Error, Permission, Statement,
    StatementFrom, StatementSource, StatementState,
};
use bando_domain::StatementId;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Form, FormField, Link, List, ListRow, Matter, Paging, Section,
};
use crate::views::{Choice, Tone};

/// Rows of one page.
const PAGE: usize = 50;

/// The largest file that is taken, bytes.
pub(super) const MAX_FILE: usize = 8 << 20;

/// A file that was uploaded.
struct Upload {
    gateway: String,
    /// None if it is too large.
    file: Option<Vec<u8>>,
}

/// `GET /console/statements?before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    who.need(Permission::Manage)?;
    html(&statements(&who, &query).await?)
}

/// `POST /console/statements/fetch`
pub(super) async fn fetch(who: SignedInCaller, fields: Fields) -> Answer {
    let asked = who.app.pull_statement(&who.caller, fields.text("gateway"));
    asked.await?;
    see_other(&Done::StatementAsked.at(Section::Statements.href()))
}

/// `POST /console/statements/upload`
pub(super) async fn upload(who: SignedInCaller, form: Multipart) -> Answer {
    who.need(Permission::Manage)?;
    let upload = Upload::read(form).await?;
    let problem = match upload.file {
        None => who.t.statement_too_large().to_owned(),
        Some(file) => {
            let imported = who
                .app
                .import_statement(&who.caller, &upload.gateway, &file);
            match imported.await {
                Ok(id) => return see_other(&format!("/console/statements/{id}")),
                Err(Error::Invalid(why)) => format!("{} ({why})", who.t.statement_file_wrong()),
                Err(other) => return Err(other.into()),
            }
        }
    };
    let mut page = statements(&who, &Fields::default()).await?;
    if let Some(form) = page.forms.iter_mut().find(|form| form.id == "upload") {
        for field in &mut form.fields {
            field.fill(&upload.gateway);
        }
        form.refuse("file", problem);
    }
    wrong(&page)
}

/// `GET /console/statements/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<StatementId>) -> Answer {
    let t = who.t;
    let statement = who.app.statement(&who.caller, id).await?;
    let names = who.app.member_names(&who.caller).await?;
    let open = open_of(&who, id).await?;
    let here = format!("/console/statements/{id}");
    let times = &who.times;
    let span = format!(
        "{} – {}",
        times.date(statement.from.as_millis()),
        times.date(statement.to.as_millis())
    );
    let mut facts = vec![
        Fact::new(t.statement_span(), span),
        Fact::new(t.statement_lines(), statement.lines.to_string()),
    ];
    if statement.source == StatementSource::Upload {
        let name = words::member(&who, &names, statement.imported_by);
        facts.push(Fact::new(t.statement_by(), name));
    }
    facts.extend(
        statement
            .error
            .as_ref()
            .map(|error| Fact::new(t.gateway_said(), error)),
    );
    let mut forms = vec![
        Form::new("again", "", format!("{here}/compare")).button(Button::quiet(t.compare_again())),
    ];
    if !open.is_empty() {
        forms.insert(
            0,
            Form::new("mend-all", t.mend_all(), format!("{here}/mend"))
                .text(t.mend_all_text())
                .button(Button::main(t.mend_all())),
        );
    }
    html(&Matter {
        page: who.page(Section::Statements),
        topic: "home",
        up: Link::new(t.nav_statements(), Section::Statements.href()),
        title: t.statement_of(who.gateway_or_platform(&statement.gateway)),
        state: Some(standing(&who, &statement)),
        notices: Vec::new(),
        facts,
        forms,
        links: vec![Link::new(
            t.see_differences(),
            format!("/console/differences?statement={id}"),
        )],
    })
}

/// `POST /console/statements/{id}/compare`
pub(super) async fn compare(who: SignedInCaller, Id(id): Id<StatementId>) -> Answer {
    who.app.compare_again(&who.caller, id).await?;
    see_other(&Done::StatementAsked.at(&format!("/console/statements/{id}")))
}

/// `POST /console/statements/{id}/mend`
pub(super) async fn mend_all(who: SignedInCaller, Id(id): Id<StatementId>) -> Answer {
    who.app.mend_all(&who.caller, id).await?;
    see_other(&Done::Mended.at(&format!("/console/statements/{id}")))
}

impl Upload {
    async fn read(mut form: Multipart) -> Result<Self, Fault> {
        let mut upload = Self {
            gateway: String::new(),
            file: Some(Vec::new()),
        };
        while let Some(mut field) = form.next_field().await.map_err(|_| Fault::BadRequest)? {
            let is_file = field.name() == Some("file");
            let is_gateway = field.name() == Some("gateway");
            let mut content = Vec::new();
            while let Some(part) = field.chunk().await.map_err(|_| Fault::BadRequest)? {
                // The rest is read and dropped, so that the browser gets to see what is wrong.
                if content.len() <= MAX_FILE {
                    content.extend_from_slice(&part);
                }
            }
            if is_file {
                upload.file = Some(content).filter(|file| file.len() <= MAX_FILE);
            } else if is_gateway {
                upload.gateway = String::from_utf8(content).map_err(|_| Fault::BadRequest)?;
            }
        }
        Ok(upload)
    }
}

async fn statements(who: &SignedInCaller, query: &Fields) -> Result<List, Fault> {
    let t = who.t;
    let before = query.parsed::<StatementId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who.app.statements(&who.caller, None, after, PAGE).await?;
    let sources = who.app.statement_sources(&who.caller).await?;
    let row = |statement: &Statement| ListRow {
        href: format!("/console/statements/{}", statement.id),
        title: who.gateway_or_platform(&statement.gateway),
        note: who.times.date(statement.to.as_millis()),
        state: Some(standing(who, statement)),
        amount: t.lines_count(statement.lines),
        when: who.near(statement.imported_at),
    };
    Ok(List {
        page: who.page(Section::Statements),
        topic: "home",
        up: None,
        title: t.nav_statements(),
        text: t.statements_text().to_owned(),
        links: vec![Link::new(t.see_differences(), "/console/differences")],
        forms: ways_in(who, &sources),
        filters: None,
        rows: found.rows.iter().map(row).collect(),
        empty: Empty {
            icon: "refresh-cw",
            title: t.statements_empty_title().to_owned(),
            text: t.statements_empty_text().to_owned(),
            action: (sources.is_empty() && who.may(Permission::Money))
                .then(|| Link::new(t.nav_ways(), Section::Ways.href())),
        },
        paging: Paging {
            newest_href: before.map(|_| Section::Statements.href().to_owned()),
            older_href: found
                .next
                .map(|next| format!("/console/statements?before={}", next.0)),
        },
    })
}

/// The forms that bring a statement in.
fn ways_in(who: &SignedInCaller, sources: &[StatementFrom]) -> Vec<Form> {
    let t = who.t;
    let name = |source: &StatementFrom| who.gateway_or_platform(&source.gateway);
    let mut forms = Vec::new();
    let mut fetch = Form::new("fetch", "", "/console/statements/fetch");
    for source in sources.iter().filter(|source| source.is_fetched) {
        fetch = fetch.button(
            Button::quiet(t.statement_fetch(name(source))).sends("gateway", &source.gateway),
        );
    }
    if !fetch.buttons.is_empty() {
        forms.push(fetch);
    }
    let files = sources.iter().filter(|source| source.takes_files);
    let files: Vec<Choice> = files
        .map(|source| Choice {
            value: source.gateway.clone(),
            label: name(source),
            selected: false,
        })
        .collect();
    if !files.is_empty() {
        forms.push(
            Form::new("upload", t.statement_upload(), "/console/statements/upload")
                .text(t.statement_upload_text())
                .field(FormField::new(
                    "gateway",
                    t.fact_gateway(),
                    FieldKind::OneOf(files),
                ))
                .field(FormField::new("file", t.statement_file(), FieldKind::File))
                .button(Button::main(t.statement_upload()))
                .folded(),
        );
    }
    forms
}

/// Whether there is anything open on a statement.
async fn open_of(who: &SignedInCaller, id: StatementId) -> Result<Vec<Disagreement>, Fault> {
    let filter = DifferenceFilter {
        state: Some(DifferenceState::Open),
        statement: Some(id),
        ..DifferenceFilter::default()
    };
    let found = who.app.disagreements(&who.caller, &filter, None, 1).await?;
    Ok(found.rows)
}

fn standing(who: &SignedInCaller, statement: &Statement) -> (Tone, String) {
    let t = who.t;
    match (statement.state, statement.differences) {
        (StatementState::Reading, _) => (Tone::Wait, t.statement_reading().to_owned()),
        (StatementState::Failed, _) => (Tone::Bad, t.statement_failed().to_owned()),
        (StatementState::Compared, 0) => (Tone::Ok, t.statement_agrees().to_owned()),
        (StatementState::Compared, n) => (Tone::Bad, t.differences_count(n)),
    }
}
