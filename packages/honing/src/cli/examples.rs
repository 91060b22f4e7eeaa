//! Examples below the help of a command.

pub(super) const RUN: &str = "\
Examples:
  cargo xtask pgo                     all stages of all programs, in the dashboard
  cargo xtask pgo -P tracker --ci     one program, without a dashboard
  cargo xtask pgo --from train        train again and everything after it
  cargo xtask pgo --to optimize       no measurement
  cargo xtask pgo --skip bench        no measurement, but the profile is recorded
  cargo xtask pgo --profile p.profdata --from optimize
                                      build with a profile from elsewhere";

pub(super) const TRAIN: &str = "\
Examples:
  cargo xtask pgo train               with the present instrumented program
  cargo xtask pgo train --manual -- --port 8080
                                      use that program yourself
  cargo xtask pgo train --shard 2/3   on the second of three machines";

pub(super) const MERGE: &str = "\
Examples:
  cargo xtask pgo merge --from shards/
                                      all shards, below one folder; then --from optimize
  cargo xtask pgo merge --from shards/ --from 3,canary/
                                      and profiles from production, with weight 3
  cargo xtask pgo merge --from a.profraw old.profdata -o all.profdata
                                      any profiles into any file";

pub(super) const EXEC: &str = "\
Examples:
  cargo xtask pgo exec -- maturin build --release
                                      with the stored profile, else that of optimize
  cargo xtask pgo exec --profile p.profdata -- cargo deb
                                      with a profile from elsewhere
  LLVM_PROFILE_FILE=$PWD/raw/%p_%m.profraw \\
    cargo xtask pgo exec --flavour instrument -- cargo test --release
                                      with counters; then merge --from raw -o p.profdata
  cargo xtask pgo exec --flavour baseline -- cargo test --release
                                      only with pinned symbols";
