//! Facts about AWS's endpoints, regions and clocks that only a whole program can show.
//! Above: nothing. Below: `common`.
//! Invariant: one test a fact, named by its number.

use super::common::{ORGANIZATION, connector, found, same, sensor, truth};
use mock_aws::Scenario;
use sensor_tests::face::Face;
use sensor_tests::harness::place;
use sensor_tests::harness::sensor::Sensor;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// An organization of two accounts in this partition.
fn organization(partition: &str, regions: &[&str]) -> Face {
    let text = format!(
        "name = 'there'\npartition = '{partition}'\nrates = 'off'\nregions = {regions:?}\n[organization]\n\
         [[account]]\nname = 'root'\ncertificates = 2\n[[account]]\nname = 'one'\ncertificates = 3\n"
    );
    Face::start(&scenario(&text)).unwrap()
}

/// The face's environment with another region, and with `AWS_ENDPOINT_URL` under another name if need be.
fn env(face: &Face, region: &str, endpoint: &str) -> Vec<(String, String)> {
    let change = |(name, value): (String, String)| match name.as_str() {
        "AWS_REGION" | "AWS_DEFAULT_REGION" => (name, region.to_owned()),
        "AWS_ENDPOINT_URL" => (endpoint.to_owned(), value),
        _ => (name, value),
    };
    face.env().into_iter().map(change).collect()
}

/// The simulated AWS takes a signature for Organizations only if it was made for the partition's region for them.
#[test]
fn fact_33_organizations_are_signed_for_the_partitions_own_region() {
    for (partition, home, regions) in [
        ("aws", "eu-central-1", ["eu-central-1", "us-east-1"]),
        ("aws-cn", "cn-north-1", ["cn-north-1", "cn-northwest-1"]),
        (
            "aws-us-gov",
            "us-gov-east-1",
            ["us-gov-east-1", "us-gov-west-1"],
        ),
    ] {
        let face = organization(partition, &regions);
        let sensor = sensor(
            env(&face, home, "AWS_ENDPOINT_URL"),
            "scope = \"organization\"",
        );
        sensor
            .run(&["connector", "check", "aws"])
            .exit(0)
            .says(&[&format!("partition {partition}")]);
        sensor.run(&["connector", "import", "aws"]).exit(0);
        same(&found(&sensor.export()), &truth(&face, |_, _| true));
        assert!(face.calls()["ListAccounts"] > 0);
        let refused: Vec<_> = face
            .answers()
            .into_keys()
            .filter(|name| name.contains(' '))
            .collect();
        assert!(refused.is_empty(), "{partition}: {refused:?}");
    }
}

/// STS is simulated; whatever else the sensor wants to reach it asks of the proxy, which writes it down and refuses.
#[test]
fn fact_33_organizations_are_asked_at_the_partitions_own_endpoint_and_a_proxy_is_honoured() {
    for (partition, home, host) in [
        (
            "aws",
            "eu-central-1",
            "organizations.us-east-1.amazonaws.com:443",
        ),
        (
            "aws-cn",
            "cn-north-1",
            "organizations.cn-northwest-1.amazonaws.com.cn:443",
        ),
        (
            "aws-us-gov",
            "us-gov-east-1",
            "organizations.us-gov-west-1.amazonaws.com:443",
        ),
    ] {
        let face = organization(partition, &[home]);
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        proxy.set_nonblocking(true).unwrap();
        let mut env = env(&face, home, "AWS_ENDPOINT_URL_STS");
        env.push((
            "HTTPS_PROXY".to_owned(),
            format!("http://{}", proxy.local_addr().unwrap()),
        ));
        let sensor = sensor(env, "scope = \"organization\"");
        let mut check = sensor.spawn(&["connector", "check", "aws"]);
        let asked = first_asked(&proxy);
        check.kill().unwrap();
        check.wait().unwrap();
        assert_eq!(asked, format!("CONNECT {host} HTTP/1.1"), "{partition}");
    }
}

/// The first line that a proxy gets.
fn first_asked(proxy: &TcpListener) -> String {
    let began = Instant::now();
    let stream = loop {
        match proxy.accept() {
            Ok((stream, _)) => break stream,
            Err(error) => assert!(
                began.elapsed() < Duration::from_mins(1),
                "nobody asked: {error}"
            ),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    stream.set_nonblocking(false).unwrap();
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    (&stream)
        .write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    line.trim_end().to_owned()
}

/// STS of a region that an account has not enabled knows nobody's role: the simulated one refuses there.
#[test]
fn fact_38_a_home_region_that_must_be_enabled_first_does_not_keep_anybody_out() {
    let face = Face::start(&scenario(
        "name = 'opt-in'\nrates = 'off'\nregions = ['us-east-1']\n[organization]\n[[account]]\nname = 'root'\n\
         [[account]]\nname = 'audit'\ndisabled_regions = ['me-central-1']\ncertificates = 2\n\
         [[account]]\nname = 'one'\ndisabled_regions = ['me-central-1']\ncertificates = 3\n",
    ))
    .unwrap();
    let one = super::common::account(&face, "one");
    let everything = env(&face, "me-central-1", "AWS_ENDPOINT_URL");
    let from_environment = sensor(everything.clone(), "scope = \"organization\"");
    from_environment
        .run(&["connector", "import", "aws"])
        .exit(0);
    same(
        &found(&from_environment.export()),
        &truth(&face, |_, _| true),
    );

    // A profile that assumes a role by itself, before the sensor asks for anything.
    let is_key = |name: &str| name.ends_with("KEY") || name.ends_with("KEY_ID");
    let (keys, rest): (Vec<_>, Vec<_>) = everything.into_iter().partition(|(name, _)| is_key(name));
    let by_profile = Sensor::with_plugins(rest);
    let home = by_profile.state().with_file_name(".aws");
    std::fs::create_dir_all(&home).unwrap();
    let keys: Vec<_> = keys
        .iter()
        .map(|(name, value)| format!("{} = {value}\n", name.to_lowercase()))
        .collect();
    let keys = keys.concat();
    std::fs::write(home.join("credentials"), format!("[base]\n{keys}")).unwrap();
    let role = format!("arn:aws:iam::{one}:role/OrganizationAccountAccessRole");
    let config = format!("[profile reader]\nrole_arn = {role}\nsource_profile = base\n");
    std::fs::write(home.join("config"), config).unwrap();
    let text = connector("scope = \"account\"").replace(
        "method = \"default-chain\"",
        "method = \"profile\"\nparameters = { name = \"reader\" }",
    );
    by_profile.apply(&text).exit(0);
    by_profile.run(&["connector", "import", "aws"]).exit(0);
    same(
        &found(&by_profile.export()),
        &truth(&face, |account, _| account == one),
    );
    assert!(
        !face
            .answers()
            .keys()
            .any(|name| name.contains("RegionDisabled")),
        "{:?}",
        face.answers()
    );
}

#[test]
fn fact_44_a_wrong_clock_is_told_as_such_and_does_not_stop_an_import() {
    let text = std::fs::read_to_string(place::file("cases/organization/scenario.toml")).unwrap();
    for (skew_s, told) in [(600, "s behind AWS's"), (-600, "s ahead of AWS's")] {
        let face = Face::start_skewed(&scenario(&text), skew_s * 1000).unwrap();
        let sensor = sensor(face.env(), ORGANIZATION);
        let done = sensor.run(&["connector", "import", "aws"]).exit(3).says(&[
            "this machine's clock is ",
            told,
            "NTP",
        ]);
        assert_eq!(done.stderr.matches("NTP").count(), 1, "{}", done.stderr);
        same(&found(&sensor.export()), &super::common::reachable(&face));
        // Where the SDK may not help, the reason is the error's own.
        let off = [(
            "AWS_DISABLE_CLOCK_SKEW_CORRECTION".to_owned(),
            "true".to_owned(),
        )];
        let done = sensor.run_with(&["connector", "check", "aws"], &off);
        done.exit(1)
            .says(&["this machine's clock differs too much from AWS's: correct it (NTP)"]);
    }
}

/// What ACM refuses for its date alone is waited for: nothing of it is lost, and it is told why.
#[test]
fn fact_17_and_44_a_certificate_that_is_too_early_by_awss_clock_is_waited_for() {
    let text = std::fs::read_to_string(place::file("cases/organization/scenario.toml")).unwrap();
    // The local CA dates back by one hour, and this machine's clock is two hours ahead.
    let face = Face::start_skewed(&scenario(&text), -7_200_000).unwrap();
    let sensor = super::enroll::ready(&face, "custody = \"sensor\"");
    let to = super::enroll::target(&face, "web", "us-east-1");
    let line = ["request", "create", "a.example.com", "--profile", "web"];
    let line = [&line[..], &["--to", &to, "--wait", "--timeout", "15"]].concat();
    let done = sensor.run(&line).exit(3);
    done.says(&[
        "not-taken",
        "by AWS's clock",
        "NTP",
        "it goes on with sensor serve",
    ]);
    let shown = super::enroll_desk::show(&sensor, 1);
    assert_eq!(shown["deliveries"][0]["state"], "waiting", "{shown:#}");
    assert_eq!(face.calls().get("ImportCertificate"), Some(&1));
}
