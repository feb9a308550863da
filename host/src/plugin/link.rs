//! Links the imports of each kind of plugin, with its capabilities lent or closed.
//! Above: `connector`, `provider`, `mock_host`. Below: `capability`'s views.
//! Invariant: open and closed linkers define the same names, so that a component fits both or none.

use super::engine::Engine;
use super::state::{Aws, Known, Log, Sessions, Settings, Sources, State, Time};
use super::surface::{self, DELIVERY, WRITES};
use crate::backend::{PrivateKey, Session};
use crate::bindings::connector::ConnectorPluginPre;
use crate::bindings::connector::sensor::auth::{credentials, keys};
use crate::bindings::connector::sensor::aws::{
    account, acm, acm_write, batch, organizations, secrets_manager, secrets_manager_keys, sts,
};
use crate::bindings::connector::sensor::connector::known;
use crate::bindings::connector::sensor::core::{clock, config, log};
use crate::bindings::delivery::DeliveryPluginPre;
use crate::bindings::mock::MockHostPluginPre;
use crate::bindings::provider::CredentialProviderPluginPre;
use crate::bindings::provider::sensor::auth::sources;
use crate::bindings::writable_mock::WritableMockHostPluginPre;
use crate::capability::Closed;
use wasmtime::Result;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

/// The same code, twice.
pub(super) struct Pair<P> {
    /// With its capabilities lent.
    pub(super) open: P,
    /// With its capabilities trapping.
    pub(super) closed: P,
}

/// A connector's code.
pub(super) struct ConnectorCode {
    pub(super) connector: Pair<ConnectorPluginPre<State>>,
    /// With its capabilities lent, if it delivers.
    pub(super) delivery: Option<DeliveryPluginPre<State>>,
}

pub(super) fn connector(engine: &Engine, component: &Component) -> Result<ConnectorCode> {
    let common = || {
        let mut linker = core(engine)?;
        config::add_to_linker::<_, Settings>(&mut linker, State::settings)?;
        known::add_to_linker::<_, Known>(&mut linker, State::known)?;
        Ok::<_, wasmtime::Error>(linker)
    };
    let mut open = common()?;
    credentials::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    sts::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    organizations::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    account::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    acm::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    secrets_manager::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    keys::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    acm_write::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    secrets_manager_keys::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    batch::add_to_linker::<_, Aws>(&mut open, State::aws)?;
    let mut closed = common()?;
    close(engine, component, &mut closed)?;
    let open = open.instantiate_pre(component)?;
    let delivery = surface::exports(engine.inner(), component, &[DELIVERY])
        .then(|| DeliveryPluginPre::new(open.clone()))
        .transpose()?;
    let connector = Pair {
        open: ConnectorPluginPre::new(open)?,
        closed: ConnectorPluginPre::new(closed.instantiate_pre(component)?)?,
    };
    Ok(ConnectorCode {
        connector,
        delivery,
    })
}

pub(super) fn provider(
    engine: &Engine,
    component: &Component,
) -> Result<Pair<CredentialProviderPluginPre<State>>> {
    let mut open = core(engine)?;
    credentials::add_to_linker::<_, Sessions>(&mut open, State::sessions)?;
    sources::add_to_linker::<_, Sources>(&mut open, State::sources)?;
    let mut closed = core(engine)?;
    close(engine, component, &mut closed)?;
    Ok(Pair {
        open: CredentialProviderPluginPre::new(open.instantiate_pre(component)?)?,
        closed: CredentialProviderPluginPre::new(closed.instantiate_pre(component)?)?,
    })
}

/// A mock-host's code.
pub(super) struct MockCode {
    pub(super) mock: MockHostPluginPre<State>,
    /// The same, if it can be written to.
    pub(super) writable: Option<WritableMockHostPluginPre<State>>,
}

pub(super) fn mock_host(engine: &Engine, component: &Component) -> Result<MockCode> {
    let mut linker = core(engine)?;
    credentials::add_to_linker::<_, Sessions>(&mut linker, State::sessions)?;
    keys::add_to_linker::<_, Sessions>(&mut linker, State::sessions)?;
    let code = linker.instantiate_pre(component)?;
    let writable = surface::exports(engine.inner(), component, WRITES)
        .then(|| WritableMockHostPluginPre::new(code.clone()))
        .transpose()?;
    Ok(MockCode {
        mock: MockHostPluginPre::new(code)?,
        writable,
    })
}

/// What every kind may use.
fn core(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine.inner());
    log::add_to_linker::<_, Log>(&mut linker, State::log)?;
    clock::add_to_linker::<_, Time>(&mut linker, State::clock)?;
    Ok(linker)
}

/// Defines what the component imports of AWS, sources and sessions as traps that name the function.
fn close(engine: &Engine, component: &Component, linker: &mut Linker<State>) -> Result<()> {
    for (interface, import) in component.component_type().imports(engine.inner()) {
        let ComponentItem::ComponentInstance(instance) = import.ty else {
            continue;
        };
        if !interface.starts_with("sensor:aws/") && !interface.starts_with("sensor:auth/") {
            continue;
        }
        let mut defined = linker.instance(interface)?;
        for (name, item) in instance.exports(engine.inner()) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let closed = Closed(format!("{name} of {interface}").into());
                    defined.func_new(name, move |_, _, _, _| Err(closed.clone().into()))?;
                }
                ComponentItem::Resource(_) => {
                    let kind = if name == "private-key" {
                        ResourceType::host::<PrivateKey>()
                    } else {
                        ResourceType::host::<Session>()
                    };
                    defined.resource(name, kind, |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}
