//! What `bindgen!` makes of the contract, and the one place where WIT types meet the model.
//! Above: `plugin` instantiates the worlds, `capability` implements their imports. Below: `model`.
//! Invariant: a type shared by two worlds is generated once, in `connector`, and mapped in the others.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

pub mod convert;

/// The world of connectors; owner of every shared type.
pub mod connector {
    wasmtime::component::bindgen!({
        world: "sensor:connector/connector-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/connector"],
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "sensor:auth/credentials.session": crate::backend::Session,
            "sensor:auth/keys.private-key": crate::backend::PrivateKey,
        },
    });
}

/// What a connector exports besides, if it delivers.
pub mod delivery {
    wasmtime::component::bindgen!({
        world: "sensor:connector/delivery-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/connector"],
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "sensor:core": super::connector::sensor::core,
            "sensor:auth/credentials": super::connector::sensor::auth::credentials,
            "sensor:auth/keys": super::connector::sensor::auth::keys,
            "sensor:connector/types": super::connector::sensor::connector::types,
        },
    });
}

/// The world of credential providers.
pub mod provider {
    wasmtime::component::bindgen!({
        world: "sensor:auth/credential-provider-plugin",
        path: ["../wit/core", "../wit/auth"],
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "sensor:core": super::connector::sensor::core,
            "sensor:auth/credentials": super::connector::sensor::auth::credentials,
        },
    });
}

/// The world of mock-hosts.
pub mod mock {
    wasmtime::component::bindgen!({
        world: "sensor:mock/mock-host-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/mock"],
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "sensor:core": super::connector::sensor::core,
            "sensor:auth/credentials": super::connector::sensor::auth::credentials,
            "sensor:aws/types": super::connector::sensor::aws::types,
        },
    });
}

/// What a mock-host exports besides, if it can be written to.
pub mod writable_mock {
    wasmtime::component::bindgen!({
        world: "sensor:mock/writable-mock-host-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/mock"],
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "sensor:core": super::connector::sensor::core,
            "sensor:auth/credentials": super::connector::sensor::auth::credentials,
            "sensor:auth/keys": super::connector::sensor::auth::keys,
            "sensor:aws/types": super::connector::sensor::aws::types,
        },
    });
}
