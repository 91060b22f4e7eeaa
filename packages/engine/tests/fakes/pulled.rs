//! A profile that is asked for while a load runs.

use std::sync::Arc;

use honing_core::{ExitCode, Selection, Stage};
use honing_engine::Options;

use crate::world::{Mishap, Shape, World};

fn merged(world: &Arc<World>) -> Result<String, honing_core::Error> {
    world.run(Options::default(), &Selection::up_to(Stage::Merge)).0?;
    Ok(std::fs::read_to_string(world.root.join("target/honing/p/merge/p.fake")).unwrap())
}

#[test]
fn it_is_asked_for_while_the_load_runs() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Served);
    let merged = merged(&world).unwrap();
    let port: u16 = merged.trim().strip_prefix("1 of pulled from ").unwrap().parse().unwrap();
    assert!(port > 0);
}

#[test]
fn where_that_fails_training_does_and_a_load_that_fails_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Served);
    std::fs::write(dir.path().join("refuses"), "").unwrap();
    let failed = merged(&world).unwrap_err();
    assert_eq!(
        (failed.code(), failed.to_string()),
        (ExitCode::Profile, "train: workload `train`: the service gives no profile".into())
    );
    // It goes on for as long as the load does.
    std::fs::remove_file(dir.path().join("refuses")).unwrap();
    world.at(Some(("p load", Mishap::Fails)));
    let failed = merged(&world).unwrap_err();
    assert_eq!(failed.code(), ExitCode::Workload);
}
