//! How Go programs name their port and address.

use std::borrow::Cow;

use crate::fact::Fact;
use crate::repo::dir::{Dir, Doc};
use crate::repo::path::RelPath;
use crate::stack::common::configuration;
use crate::stack::common::listen::{self, Address, Listening, Statement, Tells, Way};
use crate::stack::common::port::port_variable;

/// Ways to listen, most certain first. Sources: the documentation of net/http, of each framework and of the
/// packages that read flags and variables.
const WAYS: &[Way] = &[
    Way { pattern: r#"ListenAndServe(?:TLS)?\(\s*"(?P<host>[^":]*):(\d{2,5})""#, tells: Tells::Port },
    Way { pattern: r#"\bAddr:\s*"(?P<host>[^":]*):(\d{2,5})""#, tells: Tells::Port },
    Way {
        pattern: r#"\.(?:Run|Start|Listen|StartServer|RunAddr)\(\s*"(?P<host>[^":]*):(\d{2,5})""#,
        tells: Tells::Port,
    },
    Way { pattern: r#"net\.Listen\(\s*"tcp[46]?",\s*"(?P<host>[^":]*):(\d{2,5})""#, tells: Tells::Port },
    // A helper of any name that takes a variable and what it is otherwise.
    Way {
        pattern: r#"(?i:env)\w*\(\s*"(?P<variable>(?:[A-Z0-9_]+_)?PORT(?:_[A-Z0-9_]+)?)",\s*(?:\w+\()?"?:?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#"(?i:env)\w*\(\s*"(?P<variable>[A-Z0-9_]*(?:ADDR|ADDRESS|LISTEN|BIND|HOST)[A-Z0-9_]*)",\s*"(?P<host>[^":]*):(\d{2,5})""#,
        tells: Tells::Port,
    },
    // A table of options by their variables: a literal of several lines, joined.
    Way {
        pattern: r#"^"(?P<variable>[A-Z0-9_]*(?:ADDR|ADDRESS|LISTEN|BIND)[A-Z0-9_]*)":.*?\{.*?"(?P<host>[^":]*):(\d{2,5})""#,
        tells: Tells::Port,
    },
    Way {
        pattern: concat!(
            r#"(?:Getenv|LookupEnv|GetString|GetInt)\(\s*"(?P<variable>"#,
            port_variable!(),
            r#")"()"#
        ),
        tells: Tells::PortWithVariable,
    },
    // Flags of the standard library, pflag and cobra; defaults of viper.
    Way {
        pattern: r#"\.(?:String|Int|Uint)\w*\(\s*(?:&?[\w.]+,\s*)?"(?P<flag>(?:(?:http|server|web|listen|api|app)[-_.]?)?(?:port|addr|address|listen|bind|http|host)(?:[-_.](?:addr|address|port))?)",\s*(?:"\w?",\s*)?(?:"(?P<host>[^":]*):|"|)(\d{2,5})(?:[",)\s]|$)"#,
        tells: Tells::Port,
    },
    Way {
        pattern: r#"\.String\w*\(\s*(?:&?[\w.]+,\s*)?"(?P<flag>(?:(?:http|server|web|listen|api|app)[-_.]?)?(?:addr|address|listen|bind|host)(?:[-_.](?:addr|address))?)",\s*(?:"\w?",\s*)?"(?P<host>127\.0\.0\.1|localhost)"()"#,
        tells: Tells::Port,
    },
    Way {
        pattern: r#"SetDefault\(\s*"(?:[\w.]*[._])?(?:port|addr|address|listen)",\s*"?(?:(?P<host>[^":\d][^":]*)?:)?(\d{2,5})\b"#,
        tells: Tells::Port,
    },
    // Kingpin, and the flags that all exporters of Prometheus have.
    Way {
        pattern: r#"\.Flag\(\s*"(?P<flag>[\w.-]*(?:port|addr|address|listen|bind)[\w.-]*)".*\.Default\(\s*"(?:(?P<host>[^":]*):)?(\d{2,5})""#,
        tells: Tells::Port,
    },
    Way { pattern: r#"AddFlags\([^"]*"(?P<host>[^":]*):(\d{2,5})""#, tells: Tells::Port },
    // urfave/cli: a literal of several lines, joined.
    Way {
        pattern: r#"Flag\{\s*Name:\s*"(?P<flag>[\w-]*(?:port|addr|address|listen|listener|bind)[\w-]*).*\bValue:\s*"?(?:(?P<host>[^":]*):)?(?P<port>\d{2,5})\b(?:.*EnvVars?\w*[:(]\D*?"(?P<variable>[A-Z0-9_]+)")?"#,
        tells: Tells::Port,
    },
    // Tags of the packages that fill structs: `env:"PORT" envDefault:"8080"`.
    Way {
        pattern: r#"(?i)\bport\b.*\b(?:envDefault|env-default|default):"(?P<host>[^":]*?):?(\d{2,5})""#,
        tells: Tells::Port,
    },
    Way {
        pattern: r#"(?i)^\s*\w*(?:listen|addr|address|bind)\w*\s+string\s.*?\b(?:envDefault|env-default|default):"(?P<host>[^":]*):(\d{2,5})""#,
        tells: Tells::Port,
    },
    // A port that has to be said.
    // https://github.com/sethvargo/go-envconfig#default
    Way {
        pattern: r#"\benv:"(?P<variable>(?:[A-Z0-9]+_)*PORT),\s*default=:?(\d{2,5})\b"#,
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: concat!(r#"\b(?:env|envconfig):"(?P<variable>"#, port_variable!(), r#")\b()"#),
        tells: Tells::PortWithVariable,
    },
    Way {
        pattern: r#""(?P<variable>[A-Z0-9]+_(?:HTTP|LISTEN|SERVER|WEB)_PORT)"()"#,
        tells: Tells::PortWithVariable,
    },
    Way { pattern: r"\bPort:\s*(80),", tells: Tells::Port },
    // https://pkg.go.dev/net/netip#AddrPortFrom
    Way { pattern: r"netip\.AddrPortFrom\(.*,\s*(\d{2,5})\s*\)", tells: Tells::Port },
    // Constants and variables whose last word is "port".
    Way {
        pattern: r#"\b(?:\w*[a-z0-9_]Port|\w*HTTPPort|Port|(?:\w+_)?PORT|(?:\w+_)?port)\s*(?:string|u?int\d*)?\s*(?::?=|:)\s*"?:?(\d{4,5})\b"#,
        tells: Tells::Port,
    },
    Way {
        pattern: r#"(?i)\b\w*(?:addr|address|listen|bind)\w*\s*(?:string)?\s*(?::?=|:)\s*(?:\[\]string\{)?"(?P<host>\[::1?\]|[^":/]*):(\d{2,5})""#,
        tells: Tells::Port,
    },
];

/// Gin's engine takes its port from `PORT` when it is told none
/// (<https://pkg.go.dev/github.com/gin-gonic/gin#Engine.Run>). Commands are run with the same word.
const OF_GIN: Way = Way { pattern: r"\.Run\(\)()", tells: Tells::PortWithVariable };

/// Calls that only a server makes.
const SERVES: &[&str] =
    &["ListenAndServe", "http.Serve(", "net.Listen(\"tcp", "grpc.NewServer(", "fiber.New(", "gin.Default("];

/// Reads the sources of a program, then the configuration files it reads, then what its variable is in examples.
pub(super) fn find(dir: &Dir<'_>, sources: &[Doc<'_>], files: &[Fact<String>]) -> Listening {
    let mut listening = listen::find_in(sources.iter().flat_map(statements), WAYS, "//");
    if listening.variable.is_none() {
        let of_gin = sources.iter().copied().filter(|doc| doc.text.contains("\"github.com/gin-gonic/gin\""));
        listening.variable = listen::find(of_gin, &[OF_GIN], "//").variable;
    }
    if listening.port.is_none() {
        listening.port = configured(dir, files);
    }
    if listening.port.is_none() {
        shown(dir, &mut listening);
    }
    listening
}

/// The lines of a file, and the literals of flags and options that are spread over several.
fn statements<'d>(doc: &Doc<'d>) -> Vec<Statement<'d>> {
    const LONGEST: usize = 12;
    let lines: Vec<(u32, &str)> = doc.lines().collect();
    let mut found = Vec::new();
    for (at, (line, code)) in lines.iter().enumerate() {
        found.push(Statement { doc: *doc, line: *line, code: Cow::Borrowed(code) });
        let opens = |code: &str| code.ends_with("Flag{") || (code.starts_with('"') && code.ends_with('{'));
        if opens(code.trim()) {
            let rest = lines[at..].iter().take(LONGEST).map(|(_, code)| code.trim());
            let parts: Vec<&str> = rest
                .scan(false, |is_over, code| {
                    let was_over = std::mem::replace(is_over, code.starts_with('}'));
                    (!was_over).then_some(code)
                })
                .collect();
            found.push(Statement { doc: *doc, line: *line, code: Cow::Owned(parts.join(" ")) });
        }
    }
    found
}

/// Takes what an example of the environment says about the variable. One that holds an address wants an address.
fn shown(dir: &Dir<'_>, listening: &mut Listening) {
    let Some(variable) = &listening.variable else { return };
    let Some(example) = configuration::shown(dir, &variable.value) else { return };
    let port = example.value.port;
    listening.port = Some(example.derive(port));
    listening.address = example.value.host.as_ref().map(|_| {
        example.derive(Address { variable: variable.value.clone(), everywhere: format!("0.0.0.0:{port}") })
    });
}

/// A line of a program that serves.
pub(super) fn serves(sources: &[Doc<'_>]) -> Option<Fact<String>> {
    listen::serves(sources, SERVES, "//")
}

/// The port in a configuration file that is copied beside the program.
fn configured(dir: &Dir<'_>, files: &[Fact<String>]) -> Option<Fact<u16>> {
    configuration::port(dir, |below| {
        files.iter().any(|file| RelPath::new(&file.value).is_ok_and(|file| below.is_within(&file)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Inventory;

    fn check(code: &str, port: Option<u16>, variable: Option<&str>, loopback: bool) {
        let inventory = Inventory::from_files([("main.go", code)]);
        let dir = inventory.dir(RelPath::root());
        let sources: Vec<Doc<'_>> = dir.docs().collect();
        let listening = find(&dir, &sources, &[]);
        assert_eq!(listening.port.map(|port| port.value), port, "{code}");
        assert_eq!(listening.variable.map(|name| name.value).as_deref(), variable, "{code}");
        assert_eq!(listening.loopback.is_some(), loopback, "{code}");
    }

    #[test]
    fn ports_variables_and_addresses() {
        for (code, port, variable, loopback) in [
            (r#"http.ListenAndServe(":8080", nil)"#, Some(8080), None, false),
            (r#"http.ListenAndServe("127.0.0.1:8080", nil)"#, Some(8080), None, true),
            (r#"srv := &http.Server{Addr: ":9000"}"#, Some(9000), None, false),
            (r#"app.Listen(":3000")"#, Some(3000), None, false),
            (r#"e.Logger.Fatal(e.Start(":1323"))"#, Some(1323), None, false),
            (r#"lis, err := net.Listen("tcp", ":50051")"#, Some(50051), None, false),
            ("import \"github.com/gin-gonic/gin\"\nr.Run()", None, Some("PORT"), false),
            ("import \"os/exec\"\ncmd.Run()", None, None, false),
            (r#"http.ListenAndServe("localhost:6060", nil)"#, None, None, false),
            (r#"toolkitFlags = webflag.AddFlags(kingpin.CommandLine, ":9115")"#, Some(9115), None, false),
            (
                r#"a = kingpin.Flag("web.listen-address", "x").Default(":9100").String()"#,
                Some(9100),
                None,
                false,
            ),
            (
                "&cli.StringFlag{\n\tName: \"listener\",\n\tValue: \"127.0.0.1:8089\",\n\tEnvVars: []string{\"LISTENER\"},\n},\nx := 1",
                Some(8089),
                None,
                true,
            ),
            (
                "\t\t\t\"LISTEN_ADDR\": {\n\t\t\t\tlist: []string{\"127.0.0.1:8087\"},\n\t\t\t},\n",
                Some(8087),
                None,
                true,
            ),
            (r#"Listen string `long:"listen" env:"LISTEN" default:"0.0.0.0:8070"`"#, Some(8070), None, false),
            (r#"Port string `env:"HTTP_PORT,required"`"#, None, Some("HTTP_PORT"), false),
            (r#"Port string `env:"REDIS_PORT,required"`"#, None, None, false),
            (r#"port := getEnv("PORT", "3001")"#, Some(3001), Some("PORT"), false),
            (
                r#"flag.StringVar(&port, "port", getEnv("WHOAMI_PORT_NUMBER", "80"), "x")"#,
                Some(80),
                Some("WHOAMI_PORT_NUMBER"),
                false,
            ),
            (r#"addr := getenv("LISTEN_ADDR", "0.0.0.0:8085")"#, Some(8085), None, false),
            (
                "port := os.Getenv(\"PORT\")\nif port == \"\" {\n\tport = \"8081\"\n}",
                Some(8081),
                Some("PORT"),
                false,
            ),
            (r#"addr := flag.String("addr", ":4000", "HTTP network address")"#, Some(4000), None, false),
            (r#"fs.Int("port", 9898, "HTTP port to bind service to")"#, Some(9898), None, false),
            (r#"flag.IntVar(&cfg.port, "port", 4001, "API server port")"#, Some(4001), None, false),
            (r#"rootCmd.Flags().StringP("listen", "l", "localhost:4002", "x")"#, Some(4002), None, true),
            (r#"rootCmd.PersistentFlags().IntP("port", "p", 4003, "x")"#, Some(4003), None, false),
            (r#"viper.SetDefault("server.port", 8082)"#, Some(8082), None, false),
            (r#"Port int `env:"PORT" envDefault:"8083"`"#, Some(8083), Some("PORT"), false),
            (r#"Port int `env:"APP_SERVER_PORT,default=4080"`"#, Some(4080), Some("APP_SERVER_PORT"), false),
            (r#"Port string `envconfig:"PORT" default:"8084"`"#, Some(8084), Some("PORT"), false),
            (r#"flags.StringP("address", "a", "127.0.0.1", "x")"#, None, None, true),
            ("const defaultPort = 8086", Some(8086), None, false),
            ("const maxPrivilegedPort = 1024", None, None, false),
            ("Address: netip.AddrPortFrom(netip.IPv4Unspecified(), 3000),", Some(3000), None, false),
            (r#"const HTTPPort = ":8087""#, Some(8087), None, false),
            ("SMTPListen = \"[::]:1025\"\nHTTPListen = \"[::]:8025\"", Some(8025), None, false),
            ("ERROR_EXPORT = 10009", None, None, false),
            (r#"redisAddr := "localhost:6379""#, None, None, false),
            (r#"getEnv("DB_PORT", "5432")"#, None, None, false),
            (r#"// http.ListenAndServe(":8080", nil)"#, None, None, false),
        ] {
            check(code, port, variable, loopback);
        }
    }

    #[test]
    fn an_example_of_the_environment_says_port_and_form() {
        for (example, everywhere) in [
            ("APP_PORT=3000", None),
            ("APP_PORT = \":3000\"", Some("0.0.0.0:3000")),
            ("APP_PORT=127.0.0.1:3000", Some("0.0.0.0:3000")),
        ] {
            let inventory = Inventory::from_files([
                ("main.go", "Port string `envconfig:\"APP_PORT\"`"),
                (".env.example", example),
            ]);
            let dir = inventory.dir(RelPath::root());
            let sources: Vec<Doc<'_>> = dir.doc("main.go").into_iter().collect();
            let listening = find(&dir, &sources, &[]);
            assert_eq!(listening.port.map(|port| port.value), Some(3000), "{example}");
            let address = listening.address.map(|address| address.value.everywhere);
            assert_eq!(address.as_deref(), everywhere, "{example}");
        }
    }

    #[test]
    fn a_configuration_file_counts_when_it_is_read() {
        let inventory =
            Inventory::from_files([("conf/app.ini", "[server]\nHttpPort = 8000\n"), ("main.go", "")]);
        let dir = inventory.dir(RelPath::root());
        let read = Fact::by_default("conf".to_owned(), "read");
        assert_eq!(find(&dir, &[], &[read]).port.map(|port| port.value), Some(8000));
        assert!(find(&dir, &[], &[]).port.is_none());
    }
}
