//! Writing scripts line by line.

use std::fmt::{self, Display};
use std::net::Ipv4Addr;

use crate::{Network, Quoted};

/// What may stand in a script as it is. Texts of people are not among it: they must be [`Quoted`].
pub(crate) trait Literal: Display + Copy {}

impl Literal for &'static str {}
impl Literal for u16 {}
impl Literal for Ipv4Addr {}
impl Literal for Network {}
impl Literal for Quoted<'_> {}

/// `name=value` pairs of one command.
#[derive(Clone, Default)]
pub(crate) struct Arguments(String);

impl Arguments {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Literal) -> Self {
        self.0 += &format!(" {name}={value}");
        self
    }
}

impl Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A script in the making.
pub(crate) struct Script(String);

impl Script {
    /// Begins with a comment of these lines.
    pub(crate) fn new(heading: &[&'static str]) -> Self {
        Self(heading.iter().map(|line| format!("# {line}\n")).collect())
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }

    /// A comment that begins a part.
    pub(crate) fn section(&mut self, title: &'static str) {
        self.0 += &format!("\n# {title}\n");
    }

    /// A line of fixed text.
    pub(crate) fn line(&mut self, line: &'static str) {
        self.0 += line;
        self.0.push('\n');
    }

    /// One command with its arguments.
    pub(crate) fn command(&mut self, command: &'static str, arguments: &Arguments) {
        self.0 += &format!("{command}{arguments}\n");
    }

    /// Makes the object of `menu` whose `key` has this value what `arguments` say, adding it if it is
    /// not there. (`set [find …]` alone succeeds silently when nothing is found.)
    pub(crate) fn upsert(
        &mut self,
        menu: &'static str,
        (key, value): (&'static str, impl Literal),
        arguments: &Arguments,
    ) {
        self.ensure(menu, (key, value), arguments);
        self.0 += &format!("{menu} set [find {key}={value}]{arguments}\n");
    }

    /// Adds an object to `menu` unless one has this `key`.
    pub(crate) fn ensure(
        &mut self,
        menu: &'static str,
        (key, value): (&'static str, impl Literal),
        arguments: &Arguments,
    ) {
        self.0 += &format!(
            ":if ([:len [{menu} find {key}={value}]] = 0) do={{\n  \
             {menu} add {key}={value}{arguments}\n}}\n"
        );
    }

    /// Sets a global variable to the address of a host.
    pub(crate) fn resolve(&mut self, name: &'static str, host: Quoted<'_>) {
        self.0 += &format!(":global {name} [:resolve {host}]\n");
    }

    /// A command that some versions do not know. Such a version would refuse the whole line before
    /// any `on-error` could catch it; parsed at run time it says `otherwise`.
    pub(crate) fn try_parsed(&mut self, command: &'static str, otherwise: &'static str) {
        let (command, otherwise) = (Quoted(command), Quoted(otherwise));
        self.0 += &format!(":do {{ [[:parse {command}]] }} on-error={{ :put {otherwise} }}\n");
    }

    /// Moves a firewall rule before all but the dynamic ones, of which none can be passed.
    pub(crate) fn first_rule(&mut self, comment: &'static str) {
        const MENU: &str = "/ip firewall filter";
        self.0 += &format!(
            ":do {{ {MENU} move [find comment={comment}] [:pick [{MENU} find dynamic=no] 0] }} \
             on-error={{}}\n"
        );
    }

    /// Sets a global variable to a long text, in pieces that no terminal cuts.
    pub(crate) fn variable(&mut self, name: &'static str, text: &str) {
        const PIECE: usize = 200;
        self.0 += &format!(":global {name} \"\"\n");
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(PIECE) {
            let piece: String = piece.iter().collect();
            self.0 += &format!(":set {name} (${name} . {})\n", Quoted(&piece));
        }
    }
}
