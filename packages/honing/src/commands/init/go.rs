//! `init` in a Go module: a program for each main package.

use std::fmt::Write as _;

use honing_engine::Main;

/// A `pgo.toml` with a service for each program: most Go programs that are worth it are.
pub(super) fn template(mains: &[Main]) -> String {
    let mut text = String::from(super::HEAD);
    let mut names: Vec<String> = Vec::new();
    for Main { package, name } in mains {
        let name = super::name(std::slice::from_ref(name), &names);
        let _ = write!(text, "\n{}", program(package, &name));
        names.push(name);
    }
    text
}

fn program(package: &str, name: &str) -> String {
    let service = |pprof: &str, load: &str| {
        format!(
            "start = [\"{{program}}\", \"-listen\", \"127.0.0.1:{{port:http}}\"{pprof}]\n\
             ready.tcp = \"127.0.0.1:{{port:http}}\"\n\
             load = [{load}]\n"
        )
    };
    let (train, eval) = (
        service(", \"-pprof\", \"127.0.0.1:{port:pprof}\"", "\"sleep\", \"10\""),
        service("", "\"sleep\", \"2\""),
    );
    format!(
        "[program.{name}.go]\n\
         package = \"{package}\"\n\n\
         # Replace flags and load of both by what your users do. In training the service is asked for its samples\n\
         # at {{port:pprof}}, where it has to serve net/http/pprof; [program.{name}.pprof] url names another place.\n\
         # A program that ends by itself has, instead of the service,\n\
         # command = [\"{{program}}\", \"input.txt\"], and in training it writes {{dir}}/cpu.pprof (runtime/pprof);\n\
         # or its benchmarks train it: go.bench = {{ package = \"./...\", args = [\"-bench\", \".\"] }}\n\
         [program.{name}.workload.train]\n\
         role = \"train\"\n\
         [program.{name}.workload.train.service]\n\
         {train}\n\
         [program.{name}.workload.eval]\n\
         role = \"eval\"\n\
         [program.{name}.workload.eval.service]\n\
         {eval}"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use honing_core::config::Config;
    use honing_engine::CRAFTS;

    use super::*;

    #[test]
    fn what_is_written_is_a_configuration() {
        let main = |package: &str, name: &str| Main { package: package.into(), name: name.into() };
        let mains = [
            main(".", "server"),
            main("./cmd/server", "server"),
            main("./cmd/build", "build"),
            main("./é", "é"),
        ];
        let config = Config::parse(&template(&mains), Path::new("pgo.toml"), CRAFTS).unwrap();
        let names: Vec<&str> = config.program.keys().map(String::as_str).collect();
        assert_eq!(names, ["server", "program1", "program2", "program3"]);
        assert!(config.program.values().all(|program| program.workload.len() == 2));
    }
}
