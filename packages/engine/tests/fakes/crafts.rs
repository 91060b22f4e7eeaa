//! Several crafts in one workspace, and where that is.

use std::{fs, sync::Arc};

use honing_core::{ExitCode, Selection};
use honing_engine::Options;

use crate::world::{Shape, World};

/// `q` is built by one craft, and `p`, which needs it, by another.
fn mixed() -> (tempfile::TempDir, Arc<World>) {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Component);
    let file = dir.path().join("pgo/pgo.toml");
    let text = fs::read_to_string(&file).unwrap().replace("[program.p.fake]", "[program.p.other]");
    fs::write(file, text).unwrap();
    (dir, world)
}

#[test]
fn each_builds_its_own_and_is_opened_when_it_is_asked_for() {
    let (_dir, world) = mixed();
    let ended = world.run(Options::default(), &Selection::default()).0.unwrap();
    assert_eq!((ended.exit, ended.summaries.len()), (ExitCode::Success, 2));
    assert_eq!(world.recorded(), Some("1 of profile of instrumented of 1 with q\n".into()));
    assert_eq!(world.opened(), ["fake", "other"]);
    // The folder of the first program of the file is that of all.
    let only = Options { programs: vec!["q".into()], ..Options::default() };
    world.run(only, &Selection::default()).0.unwrap();
    assert_eq!(world.opened(), ["fake", "other", "fake", "other"]);
}

#[test]
fn a_workspace_is_found_from_below() {
    let (dir, world) = mixed();
    let below = dir.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    for (craft_finds, has_config) in [(true, true), (false, true), (false, false)] {
        world.finds(craft_finds);
        if !has_config {
            fs::remove_dir_all(dir.path().join("pgo")).unwrap();
        }
        let found = world.open_in(&below, Options::default());
        match (craft_finds, has_config) {
            (false, false) => {
                let error = found.map(drop).unwrap_err().to_string();
                assert!(error.ends_with("nor a folder above it is a workspace"), "{error}");
            }
            _ => assert_eq!(found.unwrap().root, dir.path()),
        }
    }
    // What a craft calls a workspace, and a configuration nearer than its root.
    world.finds(true);
    let error = world.open_in(&below, Options::default()).map(drop).unwrap_err().to_string();
    assert!(error.starts_with("cannot read pgo/pgo.toml"), "{error}");
    World::new(&dir.path().join("a"), Shape::Instrumented);
    assert_eq!(world.open_in(&below, Options::default()).unwrap().root, dir.path().join("a"));
    World::new(dir.path(), Shape::Instrumented);
    assert_eq!(world.open_in(&below, Options::default()).unwrap().root, dir.path());
}
