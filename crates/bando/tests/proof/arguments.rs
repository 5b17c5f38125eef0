//! The command line of the long proofs, and the line that counts at their end.

use std::future::Future;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use bando_app::PLANTED_BUGS;

/// Switches a bug on: see [`PLANTED_BUGS`].
const PLANTED: &str = "BANDO_PLANTED";

/// What was asked for.
pub(crate) struct Arguments {
    /// How many cycles or rounds.
    pub(crate) count: u32,
    /// What decides all choices.
    pub(crate) seed: u64,
    /// Whether it is about many at once instead.
    pub(crate) is_load: bool,
    /// Only these cases, by name; all when empty.
    only: Vec<String>,
    /// Only with this gateway.
    gateway: Option<String>,
}

impl Arguments {
    /// Whether the case of this name is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let mut only = self.only.iter();
        self.only.is_empty() || only.any(|wanted| wanted.eq_ignore_ascii_case(name))
    }

    /// Whether cases with this gateway are asked for.
    pub(crate) fn wants_gateway(&self, name: &str) -> bool {
        self.gateway.as_deref().is_none_or(|wanted| wanted == name)
    }
}

enum Wish {
    Run(Arguments),
    Help,
    Planted(String, Vec<String>),
}

/// Runs a proof that answers how many cases and violations there were, and says so in its last line.
/// `bugs` are those it notices, `count` is how much it does unless told.
pub(crate) fn run<F>(
    name: &str,
    bugs: &[&str],
    count: u32,
    proof: impl FnOnce(Arguments) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(u64, u64)>>,
{
    let outcome = read(count).and_then(|wish| match wish {
        Wish::Help => {
            help(bugs);
            Ok(true)
        }
        Wish::Planted(bug, rest) => plant(&bug, bugs, &rest),
        Wish::Run(arguments) => {
            println!("{name}: seed {}", arguments.seed);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            let (cases, violations) = runtime.block_on(proof(arguments))?;
            println!("{name}: {cases} cases, {violations} violations");
            Ok(violations == 0)
        }
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut count: u32) -> Result<Wish> {
    let mut seed = 1;
    let mut planted = None;
    let (mut only, mut gateway, mut is_load) = (Vec::new(), None, false);
    let mut rest = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--cycles" | "--rounds" => {
                let text = value()?;
                count = text.parse()?;
                rest.extend([word, text]);
            }
            "--seed" => {
                let text = value()?;
                seed = text.parse()?;
                rest.extend([word, text]);
            }
            "--only" => {
                let text = value()?;
                only.extend(text.split(',').map(str::to_owned));
                rest.extend([word, text]);
            }
            "--load" => {
                is_load = true;
                rest.push(word);
            }
            "--gateway" => {
                let text = value()?;
                gateway = Some(text.clone());
                rest.extend([word, text]);
            }
            "--planted" => planted = Some(value()?),
            "--help" => return Ok(Wish::Help),
            other => bail!("{other} is not understood; try --help"),
        }
    }
    Ok(match planted {
        Some(bug) if bug == "help" => Wish::Help,
        Some(bug) => Wish::Planted(bug, rest),
        None => Wish::Run(Arguments {
            count,
            seed,
            is_load,
            only,
            gateway,
        }),
    })
}

fn help(bugs: &[&str]) {
    println!(
        "--cycles N or --rounds N, --only NAME,…, --gateway NAME, --seed S; --planted BUG with one of"
    );
    for (bug, what) in PLANTED_BUGS.iter().filter(|(bug, _)| bugs.contains(bug)) {
        println!("  {bug:22} {what}");
    }
}

/// Runs this program again with the bug switched on.
fn plant(bug: &str, bugs: &[&str], rest: &[String]) -> Result<bool> {
    ensure!(
        bugs.contains(&bug),
        "there is no bug {bug} here; --planted help lists them"
    );
    ensure!(
        cfg!(feature = "crash"),
        "bugs are compiled in only with --features crash"
    );
    let mut again = Command::new(std::env::current_exe()?);
    Ok(again.args(rest).env(PLANTED, bug).status()?.success())
}
