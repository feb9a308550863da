//! What `wit-bindgen` makes of the contract: one module a world, one Rust type for each WIT type.
//! Above: the rest of the SDK. Below: `wit/`.
//! Invariant: a type shared by two worlds is generated once, in `connector`, and mapped in the others.
#![allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated code"
)]

/// The world of connectors.
pub mod connector {
    wit_bindgen::generate!({
        world: "sensor:connector/connector-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/connector"],
        pub_export_macro: true,
        export_macro_name: "export_connector_world",
        default_bindings_module: "sensor_sdk::bindings::connector",
        additional_derives: [PartialEq],
        generate_all,
    });
}

/// What a connector that delivers exports besides.
pub mod delivery {
    wit_bindgen::generate!({
        world: "sensor:connector/delivery-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/connector"],
        pub_export_macro: true,
        export_macro_name: "export_delivery_world",
        default_bindings_module: "sensor_sdk::bindings::delivery",
        additional_derives: [PartialEq],
        with: {
            "sensor:core/types@0.1.0": crate::bindings::connector::sensor::core::types,
            "sensor:core/clock@0.1.0": crate::bindings::connector::sensor::core::clock,
            "sensor:auth/credentials@0.1.0": crate::bindings::connector::sensor::auth::credentials,
            "sensor:auth/keys@0.1.0": crate::bindings::connector::sensor::auth::keys,
            "sensor:connector/types@0.1.0": crate::bindings::connector::sensor::connector::types,
        },
        generate_all,
    });
}

/// The world of credential providers.
pub mod credential_provider {
    wit_bindgen::generate!({
        world: "sensor:auth/credential-provider-plugin",
        path: ["../wit/core", "../wit/auth"],
        pub_export_macro: true,
        export_macro_name: "export_credential_provider_world",
        default_bindings_module: "sensor_sdk::bindings::credential_provider",
        with: {
            "sensor:core/types@0.1.0": crate::bindings::connector::sensor::core::types,
            "sensor:core/log@0.1.0": crate::bindings::connector::sensor::core::log,
            "sensor:core/clock@0.1.0": crate::bindings::connector::sensor::core::clock,
            "sensor:auth/credentials@0.1.0": crate::bindings::connector::sensor::auth::credentials,
        },
        generate_all,
    });
}

/// The world of mock-hosts.
pub mod mock_host {
    wit_bindgen::generate!({
        world: "sensor:mock/mock-host-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/mock"],
        pub_export_macro: true,
        export_macro_name: "export_mock_host_world",
        default_bindings_module: "sensor_sdk::bindings::mock_host",
        with: {
            "sensor:core/types@0.1.0": crate::bindings::connector::sensor::core::types,
            "sensor:core/log@0.1.0": crate::bindings::connector::sensor::core::log,
            "sensor:core/clock@0.1.0": crate::bindings::connector::sensor::core::clock,
            "sensor:auth/credentials@0.1.0": crate::bindings::connector::sensor::auth::credentials,
            "sensor:aws/types@0.1.0": crate::bindings::connector::sensor::aws::types,
        },
        generate_all,
    });
}

/// What a mock-host that can be written to exports besides.
pub mod writable_mock_host {
    wit_bindgen::generate!({
        world: "sensor:mock/writable-mock-host-plugin",
        path: ["../wit/core", "../wit/auth", "../wit/aws", "../wit/mock"],
        pub_export_macro: true,
        export_macro_name: "export_writable_mock_host_world",
        default_bindings_module: "sensor_sdk::bindings::writable_mock_host",
        with: {
            "sensor:core/types@0.1.0": crate::bindings::connector::sensor::core::types,
            "sensor:core/clock@0.1.0": crate::bindings::connector::sensor::core::clock,
            "sensor:auth/credentials@0.1.0": crate::bindings::connector::sensor::auth::credentials,
            "sensor:auth/keys@0.1.0": crate::bindings::connector::sensor::auth::keys,
            "sensor:aws/types@0.1.0": crate::bindings::connector::sensor::aws::types,
        },
        generate_all,
    });
}
