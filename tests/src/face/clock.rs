//! What time it is in the simulated AWS.
//! Above: `State`. Below: the machine's clock.
//! Invariant: signatures are dated by the wall, the world by its own clock; `to_wall` is the only bridge.

use jiff::Timestamp;
use mock_aws::World;

/// The world's clock: the wall's, or one that starts where the scenario says and runs as fast as the wall's.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    ahead_ms: i64,
}

impl Clock {
    /// The clock of a world that starts now.
    pub fn of(world: &World) -> Self {
        let start = world.virtual_start();
        Self {
            ahead_ms: start.map_or(0, |start| start - wall_ms()),
        }
    }

    /// The world's time in milliseconds since 1970.
    pub fn now_ms(self) -> i64 {
        wall_ms() + self.ahead_ms
    }

    /// A moment of the world as the client's clock shows it: for what a client compares with its own time.
    pub fn to_wall(self, world_ms: i64) -> i64 {
        world_ms - self.ahead_ms
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
