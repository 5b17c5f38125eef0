//! What came of the cells, and the table of all of them.

use std::collections::BTreeMap;
use std::time::Duration;

use bando_db::Engine;

use crate::list::FAULTS;
use crate::stage::Way;

/// One cell of the matrix.
pub(crate) struct Cell {
    pub(crate) fault: &'static str,
    pub(crate) what: &'static str,
    pub(crate) way: Way,
    pub(crate) engine: Engine,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// What came of it.
pub(crate) enum Outcome {
    /// Everything is as it must be.
    Held,
    /// There is no such fault here, or it cannot be made on this machine: why.
    NotApplicable(&'static str),
    /// Something is not as it must be: what.
    Broke(String),
}

impl Outcome {
    pub(crate) fn is_violation(&self) -> bool {
        matches!(self, Self::Broke(_))
    }

    pub(crate) fn has_run(&self) -> bool {
        !matches!(self, Self::NotApplicable(_))
    }

    const fn mark(&self) -> &'static str {
        match self {
            Self::Held => "✓",
            Self::NotApplicable(_) => "–",
            Self::Broke(_) => "✗",
        }
    }
}

impl Cell {
    fn column(&self) -> usize {
        let way = Way::ALL.iter().position(|way| *way == self.way);
        2 * way.unwrap_or_default() + usize::from(self.engine == Engine::Postgres)
    }

    /// Says at once what is wrong with it.
    pub(crate) fn say(&self) {
        if let Outcome::Broke(what) = &self.outcome {
            let (gateway, engine) = (self.way.gateway(), self.engine);
            println!("{} {gateway}, {engine:?}: {what}", self.fault);
        }
        if std::env::var_os("BANDO_FAULTS_TIMES").is_some() {
            let took = self.took.as_millis();
            println!("{} {:?} {:?}: {took} ms", self.fault, self.way, self.engine);
        }
    }
}

/// Prints one line for each fault, and below it why cells are left out.
pub(crate) fn print(cells: &[Cell]) {
    let mut rows: BTreeMap<usize, [Option<&Cell>; 6]> = BTreeMap::new();
    for cell in cells {
        let Some(row) = FAULTS.iter().position(|fault| fault.id == cell.fault) else {
            continue;
        };
        rows.entry(row).or_default()[cell.column()] = Some(cell);
    }
    let head = ["mpesa", "", "wave", "", "pesapal", ""];
    println!(
        "{:4} {:58} {}",
        "",
        "",
        head.map(|h| format!("{h:7}")).concat()
    );
    let engines = ["sqlite", "postgr"].repeat(3);
    println!(
        "{:4} {:58} {}",
        "",
        "",
        engines.iter().map(|e| format!("{e:7}")).collect::<String>()
    );
    for row in rows.values() {
        let Some(first) = row.iter().flatten().next() else {
            continue;
        };
        let marks: String = row
            .iter()
            .map(|cell| format!("{:7}", cell.map_or(" ", |cell| cell.outcome.mark())))
            .collect();
        println!("{:4} {:58} {marks}", first.fault, first.what);
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for cell in row.iter().flatten() {
            if let Outcome::NotApplicable(why) = cell.outcome {
                let name = format!("{} {:?}", cell.way.gateway(), cell.engine);
                reasons.entry(why).or_default().push(name);
            }
        }
        for (why, names) in reasons {
            println!("{:4}   – {}: {why}", "", names.join(", "));
        }
    }
}
