//! Who types: the person who logged in, and the user whose rights the command has.
//! Above: the commands that decide. Below: the operating system.
//! Invariant: the kernel's word on who logged in goes before the environment's, which anybody may write.

use crate::app::Who;
use nix::unistd::{Uid, User};

/// The kernel's "nobody logged in".
const UNSET: u32 = u32::MAX;

/// Who types.
pub(super) fn who() -> Who {
    let acting = nix::unistd::getuid().as_raw();
    let person = person(login(), sudo(), acting);
    Who {
        name: name(person),
        acting_as: (person != acting).then(|| name(acting)),
    }
}

/// Who logged in, as the kernel has it.
fn login() -> Option<u32> {
    #[cfg(feature = "failpoints")]
    fail::fail_point!("who.login", |uid| uid?.parse().ok());
    let login = std::fs::read_to_string("/proc/self/loginuid").ok()?;
    login.trim().parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "sudo tells who called it there")]
fn sudo() -> Option<u32> {
    std::env::var("SUDO_UID").ok()?.parse().ok()
}

fn person(login: Option<u32>, sudo: Option<u32>, acting: u32) -> u32 {
    login.filter(|uid| *uid != UNSET).or(sudo).unwrap_or(acting)
}

fn name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => format!("uid-{uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{UNSET, person};

    #[test]
    fn two_people_who_act_as_one_user_stay_two() {
        assert_eq!(person(Some(1001), Some(1001), 900), 1001);
        assert_eq!(person(Some(1002), None, 900), 1002);
        assert_eq!(person(Some(UNSET), Some(1001), 900), 1001);
        assert_eq!(person(None, None, 900), 900);
        assert_eq!(
            person(Some(1002), Some(1001), 900),
            1002,
            "what is typed into the environment is not believed"
        );
    }
}
