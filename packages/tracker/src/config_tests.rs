//! Tests of the config file: defaults, places of errors, ranges.

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    let config = Config::parse(Path::new("t.toml"), text).map_err(|error| error.to_string())?;
    config.check().map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn the_example_shows_the_defaults() {
    let example = include_str!("../tracker.example.toml");
    assert_eq!(parse(example).unwrap(), Config::default());
    assert_eq!(parse("").unwrap(), Config::default());
}

#[test]
fn listens_at_home_unless_told_otherwise() {
    let config = Config::default();
    for addr in config.udp.listen.iter().chain(&config.http.listen) {
        assert!(addr.ip().is_loopback());
    }
}

#[test]
fn errors_name_file_line_and_column() {
    for (text, start) in [
        ("shards = \n", "t.toml:1:"),
        ("shards = 8\n[udp]\nworker = 2\n", "t.toml:3:1: unknown field `worker`"),
        ("[http]\nlisten = [\"here\"]\n", "t.toml:2:11: "),
        ("[udp]\nworkers = 0\n", "t.toml:2:11: "),
        ("[log]\nlevel = \"loud\"\n", "t.toml:2:9: unknown variant `loud`"),
        ("shards = 0", "shards: is 0, but must be from 1 to 65536"),
        ("[announce]\nmin_interval_seconds = 1801", "announce.min_interval_seconds: is 1801"),
        ("[announce]\ndefault_peers = 201", "announce.default_peers: is 201"),
        ("udp.listen = []\nhttp.listen = []", "udp.listen: and http.listen are both empty"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with(start), "{error:?} should start with {start:?}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(error.starts_with("no/such.toml: cannot be read: "), "{error}");
}
