//! Running other programs: found in PATH, stopped when we are stopped, their lines read while they are shown.

use std::env;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};

static STOPPED: AtomicBool = AtomicBool::new(false);
/// Process groups of the running children.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// On Ctrl-C, SIGTERM or SIGHUP: ends the running children, so that the command in progress fails and what was
/// started for it (a database server) is stopped on the way out.
pub(crate) fn stop_children_on_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPED.store(true, Ordering::SeqCst);
        for group in groups().iter() {
            signal_group(*group);
        }
    })
    .context("cannot watch for Ctrl-C")
}

/// The first program of this name in `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// Runs a command to its end, its output shown. Fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = wait(spawn(command)?)?;
    ensure!(status.success(), "{} ended with {status}", name(command));
    Ok(())
}

/// Runs a command to its end and answers with what it wrote on standard output. Fails if it fails, with what it wrote
/// on standard error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let child = spawn(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let group = child.id();
    let output = child.wait_with_output();
    forget(group);
    let output = output.with_context(|| format!("cannot wait for {}", name(command)))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        name(command),
        output.status,
        errors.trim()
    );
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} did not write UTF-8", name(command)))
}

/// Runs a command to its end, its output shown, and gives each line of it, from both streams, to `line`.
pub(crate) fn watch(
    command: &mut Command,
    line: &mut (dyn FnMut(&str) + Send),
) -> Result<ExitStatus> {
    let mut child = spawn(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let line = Mutex::new(line);
    let see = |text: &str| line.lock().unwrap_or_else(PoisonError::into_inner)(text);
    thread::scope(|scope| {
        scope.spawn(|| each_line(stderr, |text| (eprintln!("{text}"), see(text)).1));
        each_line(stdout, |text| (println!("{text}"), see(text)).1);
    });
    wait(child)
}

/// Starts a command in a process group of its own, which [`stop_children_on_signals`] ends.
///
/// Whoever starts a child waits for it with [`wait`] or ends it with [`end`].
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    if STOPPED.load(Ordering::SeqCst) {
        bail!("stopped");
    }
    let child = command
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", name(command)))?;
    groups().push(child.id());
    Ok(child)
}

/// Waits for a child that [`spawn`] started.
pub(crate) fn wait(mut child: Child) -> Result<ExitStatus> {
    let status = child.wait();
    forget(child.id());
    status.context("cannot wait for a program")
}

/// Asks a child and all that it started to end, and waits for it.
pub(crate) fn end(child: Child) -> Result<ExitStatus> {
    signal_group(child.id());
    wait(child)
}

fn signal_group(group: u32) {
    // The group may have ended already.
    let _ = Command::new("sh")
        .args(["-c", &format!("kill -TERM -{group}")])
        .stderr(Stdio::null())
        .status();
}

fn groups() -> std::sync::MutexGuard<'static, Vec<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(group: u32) {
    groups().retain(|&other| other != group);
}

fn name(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn each_line(stream: Option<impl Read>, see: impl Fn(&str)) {
    let Some(stream) = stream else { return };
    for line in BufReader::new(stream).split(b'\n') {
        let Ok(line) = line else { return };
        see(String::from_utf8_lossy(&line).trim_end_matches('\r'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_streams_are_seen() {
        let mut lines = Vec::new();
        let mut see = |line: &str| lines.push(line.to_owned());
        let status = watch(
            Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]),
            &mut see,
        )
        .unwrap();
        lines.sort();
        assert_eq!(
            (lines, status.code()),
            (vec!["err".to_owned(), "out".to_owned()], Some(3))
        );
    }

    #[test]
    fn a_failure_tells_what_the_program_said() {
        let error =
            read(Command::new("sh").args(["-c", "echo no such thing >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().contains("no such thing"), "{error}");
    }

    #[test]
    fn the_end_of_a_child_is_the_end_of_its_children() {
        let child = spawn(Command::new("sh").args(["-c", "sleep 60; true"])).unwrap();
        assert!(!end(child).unwrap().success());
    }
}
