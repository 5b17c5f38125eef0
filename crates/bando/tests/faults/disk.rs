//! F33 and F34: the disk is full, or does not keep what it is given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_db::Engine;
use tokio::process::Command;

use crate::ourselves::copy_files;
use crate::proof::child::Child;
use crate::stage::{Excuse, Stage};

/// The size of the small disk.
const SIZE: &str = "size=24m";

/// Where Debian keeps the library that lets system calls fail.
const FIU: [&str; 2] = [
    "/usr/lib/fiu/fiu_run_preload.so",
    "/usr/lib/fiu/fiu_posix_preload.so",
];

/// How long the disk is full, or broken.
const TROUBLE: Duration = Duration::from_secs(2);

/// A small disk; gone when dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Result<Self> {
        let mut mount = std::process::Command::new("mount");
        let mount = mount
            .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
            .arg(at)
            .stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        ensure!(mounted, Excuse("a small disk can only be mounted by root"));
        Ok(Self(at.to_owned()))
    }

    /// Fills it to the last byte.
    fn fill(&self) -> Result<()> {
        let ballast = self.0.join("ballast");
        let mut size = 24 * 1024 * 1024;
        let mut file = fs::File::create(ballast)?;
        while size > 0 {
            // Smaller and smaller pieces, until none fits.
            match std::io::Write::write(&mut file, &vec![0; size]) {
                Ok(_) => {}
                Err(_) => size /= 2,
            }
        }
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        Ok(fs::remove_file(self.0.join("ballast"))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut unmount = std::process::Command::new("umount");
        let _ = unmount.arg("-l").arg(&self.0).status();
    }
}

/// F33. The disk of the database is full for a while.
pub(crate) async fn full(stage: &mut Stage) -> Result<()> {
    let disk = match stage.engine() {
        Engine::Sqlite => small_home_of_the_file(stage).await?,
        Engine::Postgres => small_tablespace(stage).await?,
    };
    let (before, during) = (stage.buyer()?, stage.buyer()?);
    stage.buy(&before).await?;
    disk.fill()?;
    stage.pay(&before).await?;
    // As many as it takes until there is no room in the pages that there are.
    let mut refused = 0;
    for _ in 0..60 {
        let buyer = stage.buyer()?;
        refused += u32::from(stage.buy(&buyer).await.is_err());
    }
    tokio::time::sleep(TROUBLE).await;
    disk.clear()?;
    ensure!(refused > 0, "the disk was never full");
    stage.tell_again(&before).await?;
    stage.served(&before).await?;
    stage.buy_and_pay(&during).await?;
    stage.served(&during).await?;
    stage.small_disk = Some(disk);
    Ok(())
}

async fn small_home_of_the_file(stage: &mut Stage) -> Result<SmallDisk> {
    stage.town.stop().await;
    let home = stage.sqlite_directory()?;
    let aside = tempfile::tempdir()?;
    copy_files(&home, aside.path())?;
    let disk = SmallDisk::mount(&home)?;
    copy_files(aside.path(), &home)?;
    stage.town.start().await?;
    Ok(disk)
}

async fn small_tablespace(stage: &mut Stage) -> Result<SmallDisk> {
    let name = stage.database_name()?;
    let place = std::env::temp_dir().join(format!("bando_small_{name}"));
    fs::create_dir_all(&place)?;
    let disk = SmallDisk::mount(&place)?;
    let given = std::process::Command::new("chown")
        .arg("postgres:")
        .arg(&place)
        .status();
    let given = given.is_ok_and(|status| status.success());
    ensure!(
        given,
        Excuse("a directory can only be given to PostgreSQL by root")
    );
    stage.town.stop().await;
    let space = format!("small_{name}");
    let create = format!("CREATE TABLESPACE {space} LOCATION '{}'", place.display());
    if stage.administer(&create).await.is_err() {
        stage.town.start().await?;
        return Err(Excuse("the PostgreSQL server is on another machine").into());
    }
    let home = stage.administer("SELECT 1").await;
    home?;
    let moved = format!("ALTER DATABASE {name} SET TABLESPACE {space}");
    stage.administer(&moved).await?;
    stage.tablespace = Some(space);
    stage.town.start().await?;
    Ok(disk)
}

/// F34. The disk says that it could not keep what was written (EIO from fsync).
pub(crate) async fn forgetful(stage: &mut Stage) -> Result<()> {
    ensure!(
        FIU.iter().all(|library| Path::new(library).exists()),
        Excuse("Debian's fiu-utils are not installed, which let fsync fail")
    );
    stage.town.stop().await;
    let machine = stage.town.machine.clone();
    let pipes = tempfile::tempdir()?;
    let prefix = pipes.path().join("fiu");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .env("LD_PRELOAD", FIU.join(" "))
        .env("FIU_CTRL_FIFO", &prefix);
    let mut child = Child::start_by(command, &machine, None)?;
    ensure!(child.is_ready().await?, "the program died by itself");
    let (before, during) = (stage.buyer()?, stage.buyer()?);
    child.buy(&stage.wish(&before)).await?;
    stage.request_of(&before).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    control(&prefix, &child, "enable name=posix/io/sync/*,failinfo=5").await?;
    stage.pay(&before).await?;
    child.buy(&stage.wish(&during)).await?;
    tokio::time::sleep(TROUBLE).await;
    control(&prefix, &child, "disable name=posix/io/sync/*").await?;
    stage.tell_again(&before).await?;
    // It may have stopped because of that, rather than go on with pages of which nobody knows.
    let is_dead = child.dies(Duration::from_millis(200)).await;
    child.kill().await?;
    tracing::debug!(is_dead, "the program after fsync failed");
    stage.town.start().await?;
    stage.tell_again(&before).await?;
    stage.served(&before).await?;
    stage.time_passes(80);
    stage.buy_and_pay(&during).await?;
    stage.served(&during).await
}

async fn control(prefix: &Path, child: &Child, order: &str) -> Result<()> {
    let status = Command::new("fiu-ctrl")
        .args(["-f", prefix.to_str().context("a path")?, "-c", order])
        .arg(child.id()?.to_string())
        .status()
        .await?;
    ensure!(status.success(), "fiu-ctrl {order}: {status}");
    Ok(())
}
