//! Files with secrets on the machine of whoever builds. A build is given each under an id that this table fixes: the stacks
//! mount it, what they say and what the Dockerfile says name the same option. Where the tool in the image looks for the
//! file is the stack's to know.

/// A file with secrets, at home.
#[derive(Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// The id under which a build is given it.
    pub id: &'static str,
    /// Where it lies, below the person's home.
    at_home: &'static str,
}

/// <https://doc.rust-lang.org/cargo/reference/config.html#credentials>
pub static CARGO: SecretFile = SecretFile { id: "cargo", at_home: ".cargo/credentials.toml" };
/// <https://docs.gradle.org/current/userguide/build_environment.html>
pub static GRADLE: SecretFile = SecretFile { id: "gradle_properties", at_home: ".gradle/gradle.properties" };
/// <https://maven.apache.org/settings.html>
pub static MAVEN: SecretFile = SecretFile { id: "maven_settings", at_home: ".m2/settings.xml" };
/// <https://docs.python.org/3/library/netrc.html>
pub static NETRC: SecretFile = SecretFile { id: "netrc", at_home: ".netrc" };
/// <https://docs.npmjs.com/cli/configuring-npm/npmrc>
pub static NPM: SecretFile = SecretFile { id: "npmrc", at_home: ".npmrc" };
/// <https://pip.pypa.io/en/stable/topics/configuration/>
pub static PIP: SecretFile = SecretFile { id: "pip_conf", at_home: ".config/pip/pip.conf" };
/// <https://yarnpkg.com/configuration/yarnrc>
pub static YARN: SecretFile = SecretFile { id: "yarnrc", at_home: ".yarnrc.yml" };

static ALL: [&SecretFile; 7] = [&CARGO, &GRADLE, &MAVEN, &NETRC, &NPM, &PIP, &YARN];

impl SecretFile {
    /// The file that has this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|file| file.id == id)
    }

    /// The option of `docker build` that gives it.
    pub fn option(&self) -> String {
        at_home(self.id, self.at_home)
    }
}

/// The option of `docker build` that gives a file of the person's home under an id.
pub fn at_home(id: &str, file: &str) -> String {
    format!("--secret id={id},src=$HOME/{file}")
}
