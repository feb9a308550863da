//! What time it is in the simulated AWS.
//! Above: `State`. Below: the machine's clock.
//! Invariant: signatures are dated by AWS's wall, the world by its own clock; `to_wall` is the only bridge.

use jiff::Timestamp;
use mock_aws::World;

/// The world's clock: the wall's, or one that starts where the scenario says and runs as fast as the wall's.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    ahead_ms: i64,
    /// How far AWS's wall clock is ahead of this machine's.
    skew_ms: i64,
}

impl Clock {
    /// The clock of a world that starts now.
    pub fn of(world: &World, skew_ms: i64) -> Self {
        let start = world.virtual_start(wall_ms());
        Self {
            // A world of today lives by AWS's own clock, right or wrong.
            ahead_ms: start.map_or(skew_ms, |start| start - wall_ms()),
            skew_ms,
        }
    }

    /// Lets time pass, for the world and on AWS's wall.
    pub fn pass(&mut self, ms: i64) {
        self.ahead_ms += ms;
        self.skew_ms += ms;
    }

    /// What AWS's clock on the wall shows: signatures are judged by it, and answers are dated.
    pub fn signing_ms(self) -> i64 {
        wall_ms() + self.skew_ms
    }

    /// The world's time in milliseconds since 1970.
    pub fn now_ms(self) -> i64 {
        wall_ms() + self.ahead_ms
    }

    /// A moment of the world as AWS's clock on the wall shows it: for what a client compares with its own time.
    pub fn to_wall(self, world_ms: i64) -> i64 {
        world_ms - self.ahead_ms + self.skew_ms
    }
}

/// The wall's time in milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulated AWS has no other clock to take"
)]
pub fn wall_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
