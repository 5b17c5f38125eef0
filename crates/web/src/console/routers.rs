//! Routers: the list, one with the proof that it works, and its scripts.

use std::collections::HashMap;
use std::time::Duration;

use bando_app::{Error, Invalid, Permission, Router, RouterDraft};
use bando_domain::RouterId;
use bando_routeros::RouterOs;

use super::answer::{Answer, Fault, file, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::router_script::{self, Wanted};
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::console::{
    Check, CheckState, Fact, RouterForm, RouterPage, RouterRow, RouterStatus, Routers, Section,
};
use crate::views::{Choice, Field};

/// A router that accounts every few minutes and has not for this long is silent.
const SILENT_AFTER: Duration = Duration::from_secs(10 * 60);

/// `GET /console/routers`
pub(super) async fn list(who: SignedInCaller) -> Answer {
    let routers = who.app.routers(&who.caller).await?;
    let online = online(&who).await?;
    let row = |router: &Router| RouterRow {
        href: format!("/console/routers/{}", router.id),
        name: router.name.clone(),
        status: status(&who, router),
        seen: seen(&who, router),
        online: online.get(&router.id).copied().unwrap_or(0),
        address: router.source_address.clone().unwrap_or_default(),
    };
    html(&Routers {
        page: who.page(Section::Routers),
        rows: routers.iter().map(row).collect(),
    })
}

/// `GET /console/routers/new`
pub(super) async fn new(who: SignedInCaller) -> Answer {
    who.need(Permission::Manage)?;
    html(&form(&who, None, &Fields::default()))
}

/// `POST /console/routers`
pub(super) async fn create(who: SignedInCaller, fields: Fields) -> Answer {
    match who.app.add_router(&who.caller, draft(&fields)).await {
        Ok(router) => see_other(&format!("/console/routers/{}", router.id)),
        Err(error) => refused(&who, None, &fields, error),
    }
}

/// `GET /console/routers/{id}?version=&uplink=&ports=`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<RouterId>, Asked(query): Asked) -> Answer {
    let router = who.app.router(&who.caller, id).await?;
    let online = online(&who).await?.get(&id).copied().unwrap_or(0);
    let wanted = Wanted::of(&query);
    let wrong = |bad: bool| bad.then(|| who.t.router_interface_wrong().to_owned());
    let script = who.may(Permission::Manage).then(|| {
        router_script::install(&who, &router, &wanted)
            .unwrap_or_else(|error| who.t.router_script_impossible(error))
    });
    html(&RouterPage {
        page: who.page(Section::Routers),
        id: id.to_string(),
        name: router.name.clone(),
        status: status(&who, &router),
        seen: seen(&who, &router),
        checks: checks(&who, &router, online),
        facts: facts(&who, &router, online),
        versions: versions(wanted.version),
        uplink: Field {
            value: wanted.uplink.clone(),
            error: wrong(wanted.uplink().is_err()),
        },
        ports: Field {
            value: wanted.ports.clone(),
            error: wrong(wanted.ports().is_err()),
        },
        script,
        removal: wanted.removal(),
    })
}

/// `GET /console/routers/{id}/edit`
pub(super) async fn edit(who: SignedInCaller, Id(id): Id<RouterId>) -> Answer {
    who.need(Permission::Manage)?;
    let router = who.app.router(&who.caller, id).await?;
    let fields = Fields::from(vec![
        ("name", router.name),
        ("address", router.hotspot_host),
        ("coa", router.coa_address.unwrap_or_default()),
    ]);
    html(&form(&who, Some(id), &fields))
}

/// `POST /console/routers/{id}`
pub(super) async fn change(who: SignedInCaller, Id(id): Id<RouterId>, fields: Fields) -> Answer {
    if fields.has("delete") {
        who.app.delete_router(&who.caller, id).await?;
        return see_other(&Done::RouterDeleted.at("/console/routers"));
    }
    match who.app.change_router(&who.caller, id, draft(&fields)).await {
        Ok(()) => see_other(&Done::Saved.at(&format!("/console/routers/{id}"))),
        Err(error) => refused(&who, Some(id), &fields, error),
    }
}

/// `GET /console/routers/{id}/script.rsc`
pub(super) async fn script(
    who: SignedInCaller,
    Id(id): Id<RouterId>,
    Asked(query): Asked,
) -> Answer {
    who.need(Permission::Manage)?;
    let router = who.app.router(&who.caller, id).await?;
    match router_script::install(&who, &router, &Wanted::of(&query)) {
        Ok(script) => file("bando.rsc", "text/plain; charset=utf-8", script),
        Err(error) => {
            tracing::info!(router = %id, %error, "no script can be written");
            Err(Fault::BadRequest)
        }
    }
}

/// `GET /console/routers/{id}/remove.rsc`
pub(super) async fn removal(
    who: SignedInCaller,
    Id(id): Id<RouterId>,
    Asked(query): Asked,
) -> Answer {
    who.need(Permission::Manage)?;
    who.app.router(&who.caller, id).await?;
    file(
        "bando-remove.rsc",
        "text/plain; charset=utf-8",
        Wanted::of(&query).removal(),
    )
}

/// How many are online behind each router.
async fn online(who: &SignedInCaller) -> Result<HashMap<RouterId, u64>, Fault> {
    let mut online = HashMap::new();
    for session in who.app.open_sessions(&who.caller).await? {
        *online.entry(session.router_id).or_default() += 1;
    }
    Ok(online)
}

fn status(who: &SignedInCaller, router: &Router) -> RouterStatus {
    match router.last_seen_at {
        None => RouterStatus::New,
        Some(at) if who.now.since(at) >= SILENT_AFTER => RouterStatus::Silent,
        Some(_) => RouterStatus::Online,
    }
}

fn seen(who: &SignedInCaller, router: &Router) -> String {
    match router.last_seen_at {
        Some(at) => who.t.last_seen(who.ago(at)),
        None => who.t.router_never_heard().to_owned(),
    }
}

fn checks(who: &SignedInCaller, router: &Router, online: u64) -> Vec<Check> {
    let t = who.t;
    let check = |done: bool, text: &str, found: Option<String>, wait: &str| Check {
        state: if done {
            CheckState::Done
        } else {
            CheckState::Doing
        },
        text: text.to_owned(),
        detail: if done { found } else { Some(wait.to_owned()) },
        action: None,
    };
    let heard = router.last_seen_at.map(|at| who.near(at));
    let people = (online > 0).then(|| t.people_online(online));
    vec![
        check(
            heard.is_some(),
            t.proof_script(),
            heard,
            t.proof_wait_script(),
        ),
        check(
            online > 0,
            t.proof_accounting(),
            people,
            t.proof_wait_login(),
        ),
    ]
}

fn facts(who: &SignedInCaller, router: &Router, online: u64) -> Vec<Fact> {
    let t = who.t;
    let mut facts = vec![
        Fact::new(t.fact_identity(), &router.identity),
        Fact::new(t.router_address(), &router.hotspot_host),
    ];
    facts.extend(
        router
            .source_address
            .as_ref()
            .map(|a| Fact::new(t.fact_address(), a)),
    );
    facts.extend(
        router
            .coa_address
            .as_ref()
            .map(|a| Fact::new(t.router_coa(), a)),
    );
    facts.push(Fact::link(
        t.fact_online(),
        online.to_string(),
        "/console/sessions",
    ));
    facts
}

fn versions(chosen: RouterOs) -> Vec<Choice> {
    [
        ("7", "RouterOS 7", RouterOs::V7),
        ("6", "RouterOS 6.49", RouterOs::V6),
    ]
    .into_iter()
    .map(|(value, label, version)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected: version == chosen,
    })
    .collect()
}

fn form(who: &SignedInCaller, id: Option<RouterId>, fields: &Fields) -> RouterForm {
    RouterForm {
        page: who.page(Section::Routers),
        id: id.map(|id| id.to_string()),
        name: Field::of(fields.text("name")),
        address: Field::of(fields.text("address")),
        coa: Field::of(fields.text("coa")),
    }
}

fn draft(fields: &Fields) -> RouterDraft {
    RouterDraft {
        name: fields.text("name").to_owned(),
        hotspot_host: fields.text("address").to_owned(),
        coa_address: Some(fields.text("coa").to_owned()),
    }
}

fn refused(who: &SignedInCaller, id: Option<RouterId>, fields: &Fields, error: Error) -> Answer {
    let Error::Invalid(invalid) = error else {
        return Err(error.into());
    };
    let mut form = form(who, id, fields);
    let (field, text) = match &invalid {
        Invalid::Field {
            field: "hotspot_host",
            ..
        } => (&mut form.address, words::problem(who, &invalid)),
        Invalid::Field {
            field: "coa_address",
            ..
        } => (&mut form.coa, words::problem(who, &invalid)),
        _ => (&mut form.name, who.t.router_name_wrong().to_owned()),
    };
    field.error = Some(text);
    wrong(&form)
}
