//! Finds a compiler for WASM on this machine, and gets one if there is none.
//! `plugins` asks; `way` knows the compilers, `apt` installs.
//! Invariant: the slow and the failing ways are tried once, then what worked is remembered in `target/`.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::place::{Place, on_path};
use crate::step;
use crate::way::{DEBIAN_PACKAGES, TARGET, Way};

/// Long enough to fetch the library over a slow line, short enough to wait for in vain once.
const RUSTUP_LIMIT: Duration = Duration::from_mins(1);

/// A way that is ready.
pub(crate) fn find(place: &Place) -> Result<Way> {
    if Way::Sysroot.ready() {
        step::say(&format!(
            "    compiler: the active toolchain, it has {TARGET}"
        ));
        return Ok(Way::Sysroot);
    }
    let memory = place.made("wasm-toolchain");
    if std::fs::read_to_string(&memory).is_ok_and(|text| text.trim() == "debian") {
        if Way::Debian.ready() {
            step::say("    compiler: Debian's with build-std, as last time");
            return Ok(Way::Debian);
        }
        step::say("    Debian's compiler worked last time and is gone; looking again");
        std::fs::remove_file(&memory)?;
    }
    if add_with_rustup() {
        return Ok(Way::Sysroot);
    }
    prepare_debian()?;
    std::fs::create_dir_all(place.made(""))?;
    std::fs::write(&memory, "debian\n").context("could not note down the way that worked")?;
    Ok(Way::Debian)
}

fn add_with_rustup() -> bool {
    if on_path("rustup").is_none() {
        step::say("    there is no rustup here");
        return false;
    }
    step::say(&format!("    $ rustup target add {TARGET}"));
    let mut command = Command::new("rustup");
    command
        .args(["target", "add", TARGET])
        .env("RUSTUP_MAX_RETRIES", "0");
    match step::run_within(&mut command, RUSTUP_LIMIT) {
        Ok(()) => Way::Sysroot.ready(),
        Err(reason) => {
            let reason = reason.to_string();
            step::say(&format!(
                "    rustup cannot get it ({reason:.90}); trying Debian's compiler"
            ));
            false
        }
    }
}

fn prepare_debian() -> Result<()> {
    if Way::Debian.ready() {
        step::say(
            "    compiler: Debian's with build-std, its packages are here; the first build takes a minute longer",
        );
        return Ok(());
    }
    step::say("    installing Debian's compiler and its library source (about 45 s)");
    if let Err(reason) = crate::apt::install(DEBIAN_PACKAGES) {
        bail!(
            "no compiler for {TARGET}: {reason}.\n\
             Either `rustup target add {TARGET}`, or on Debian `apt-get install {}`, makes it work.",
            DEBIAN_PACKAGES.join(" ")
        );
    }
    if !Way::Debian.ready() {
        bail!(
            "Debian's compiler is installed but older than this workspace needs, or without its library source"
        );
    }
    Ok(())
}
