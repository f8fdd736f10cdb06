//! Asks registries which digest stands behind a tag: the one thing that dockgen wants from a network, and only when it
//! is told to (`--pin`). Planning never comes here; it gets the answers as settings.
//!
//! The protocol is that of the OCI distribution specification
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry>),
//! tokens as Docker's registries give them (<https://distribution.github.io/distribution/spec/auth/token/>).
//! Credentials are those of `docker login`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use sha2::{Digest as _, Sha256};
use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::dockerfile::ImageRef;

/// What a tag may stand for: an index of several platforms, or one image.
const KINDS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Docker Hub's names: that of its registry, and that under which `docker login` keeps its account.
const HUB: &str = "registry-1.docker.io";
const HUB_LOGIN: &str = "https://index.docker.io/v1/";

/// How long to wait before each further try.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// The longest pause that a registry may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

const PATIENCE: Duration = Duration::from_secs(30);
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

/// An index of many platforms has some kilobytes; the specification asks registries to take four megabytes.
const LARGEST_MANIFEST: u64 = 4 << 20;

/// Why a digest could not be had.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody answers, whatever was tried.
    #[error("cannot reach {host} for the digest of `{image}`: {why}")]
    Unreachable {
        /// The registry.
        host: String,
        /// What was asked for.
        image: String,
        /// What the system said.
        why: String,
    },
    /// The registry does not have it.
    #[error("{host} has no `{image}`")]
    NotThere {
        /// The registry.
        host: String,
        /// What was asked for.
        image: String,
    },
    /// The registry gives it to others only.
    #[error("{host} does not give `{image}` to {who}")]
    Denied {
        /// The registry.
        host: String,
        /// What was asked for.
        image: String,
        /// Nobody, or the account of `docker login`.
        who: &'static str,
    },
    /// The registry, or what keeps its credentials, said something else.
    #[error("{host} gave no digest of `{image}`: {why}")]
    Odd {
        /// The registry.
        host: String,
        /// What was asked for.
        image: String,
        /// What came back.
        why: String,
    },
}

impl RegistryError {
    /// What can be done about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "only `--pin` needs the network; without it the tags stay as they are".to_owned()
            }
            Self::NotThere { .. } => "look at its name and tag, or at [images] in dockgen.toml".to_owned(),
            Self::Denied { host, .. } if host == HUB => "`docker login` makes you known to it".to_owned(),
            Self::Denied { host, .. } => format!("`docker login {host}` makes you known to it"),
            Self::Odd { .. } => "`docker buildx imagetools inspect` asks the same".to_owned(),
        }
    }
}

/// Registries, with the tokens that they have given out in this run.
#[derive(Debug)]
pub struct Registries {
    through_proxy: Agent,
    direct: Agent,
    /// By host and repository.
    tokens: RefCell<BTreeMap<(String, String), String>>,
}

impl Default for Registries {
    fn default() -> Self {
        // The system's certificates: a company's own are among them.
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let agent = || {
            Agent::config_builder()
                .tls_config(tls.clone())
                .http_status_as_error(false)
                .timeout_connect(Some(CONNECTS_WITHIN))
                .timeout_global(Some(PATIENCE))
                .user_agent(concat!("dockgen/", env!("CARGO_PKG_VERSION")))
        };
        Self {
            through_proxy: agent().build().new_agent(),
            direct: agent().proxy(None).build().new_agent(),
            tokens: RefCell::default(),
        }
    }
}

/// How a request is made known to whom it is sent.
type Authorization = Option<String>;

#[derive(Debug, Clone, Copy)]
enum Method {
    Head,
    Get,
}

impl Registries {
    /// The digest that the tag of an image stands for now: of the index where there are several platforms.
    pub fn digest(&self, image: &ImageRef) -> Result<String, RegistryError> {
        let asked = Asked::new(image);
        // Asking for the head alone does not count as a pull where pulls are counted.
        let head = self.manifest(&asked, Method::Head)?;
        let said = head.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
        if let Some(digest) = said.filter(|digest| is_digest(digest)) {
            return Ok(digest.to_owned());
        }
        let mut whole = self.manifest(&asked, Method::Get)?;
        let text = whole.body_mut().with_config().limit(LARGEST_MANIFEST).read_to_vec();
        let text = text.map_err(|bad| asked.odd(bad.to_string()))?;
        let hash = Sha256::digest(&text);
        Ok(hash.iter().fold("sha256:".to_owned(), |digest, byte| format!("{digest}{byte:02x}")))
    }

    /// Asks for a manifest, and once more with the credentials that the registry wants.
    fn manifest(&self, asked: &Asked, method: Method) -> Result<Response<Body>, RegistryError> {
        let url = format!("{}/v2/{}/manifests/{}", asked.root(), asked.repository, asked.tag);
        let known = (asked.host.clone(), asked.repository.clone());
        let token = self.tokens.borrow().get(&known).cloned();
        let mut answer = self.send(asked, method, &url, token.as_deref())?;
        let mut who = "an unknown user";
        if answer.status() == StatusCode::UNAUTHORIZED {
            let credential = asked.credential()?;
            if credential.is_some() {
                who = "the account of `docker login`";
            }
            if let Some(token) = self.authorize(asked, &answer, credential)? {
                answer = self.send(asked, method, &url, Some(&token))?;
                self.tokens.borrow_mut().insert(known, token);
            }
        }
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::NOT_FOUND => Err(asked.not_there()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(asked.denied(who)),
            status => Err(asked.odd(format!("it answered {status}"))),
        }
    }

    /// What to send along, as the registry's challenge wants it.
    fn authorize(
        &self,
        asked: &Asked,
        refused: &Response<Body>,
        credential: Option<DockerCredential>,
    ) -> Result<Authorization, RegistryError> {
        let challenges: Vec<http_auth::ChallengeRef<'_>> = refused
            .headers()
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| http_auth::parse_challenges(value).unwrap_or_default())
            .collect();
        let of = |scheme: &str| challenges.iter().find(|found| found.scheme.eq_ignore_ascii_case(scheme));
        if let Some(bearer) = of("bearer") {
            let param = |name: &str| {
                let found = bearer.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            let Some(realm) = param("realm") else { return Ok(None) };
            return self.token(asked, &realm, param("service"), credential).map(Some);
        }
        let basic = of("basic").and(credential);
        Ok(basic.and_then(|credential| match credential {
            DockerCredential::UsernamePassword(name, password) => {
                Some(http_auth::basic::encode_credentials(&name, &password))
            }
            DockerCredential::IdentityToken(_) => None,
        }))
    }

    /// A token for pulling, from whom the registry sends people to.
    fn token(
        &self,
        asked: &Asked,
        realm: &str,
        service: Option<String>,
        credential: Option<DockerCredential>,
    ) -> Result<String, RegistryError> {
        // A password does not go over an open line, wherever the registry itself may be.
        let is_guarded = realm.starts_with("https://")
            || realm.parse::<Uri>().is_ok_and(|realm| realm.host().is_some_and(is_this_machine));
        let credential = credential.filter(|_| is_guarded);
        let scope = format!("repository:{}:pull", asked.repository);
        let service = service.unwrap_or_else(|| asked.host.clone());
        let agent = self.agent(asked);
        let answer = patiently(asked, || match &credential {
            Some(DockerCredential::IdentityToken(token)) => agent.post(realm).send_form([
                ("grant_type", "refresh_token"),
                ("client_id", "dockgen"),
                ("service", service.as_str()),
                ("scope", scope.as_str()),
                ("refresh_token", token.as_str()),
            ]),
            other => {
                let mut request = agent.get(realm).query("service", &service).query("scope", &scope);
                if let Some(DockerCredential::UsernamePassword(name, password)) = other {
                    let basic = http_auth::basic::encode_credentials(name, password);
                    request = request.header("authorization", basic);
                }
                request.call()
            }
        })?;
        let status = answer.status();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            let who = if credential.is_some() { "the account of `docker login`" } else { "an unknown user" };
            return Err(asked.denied(who));
        }
        let text = answer.into_body().into_with_config().limit(LARGEST_MANIFEST).read_to_string();
        let said: serde_json::Value =
            text.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let token = [&said["token"], &said["access_token"]].into_iter().find_map(serde_json::Value::as_str);
        token
            .map(|token| format!("Bearer {token}"))
            .ok_or_else(|| asked.odd(format!("its token service answered {status} and no token")))
    }

    fn send(
        &self,
        asked: &Asked,
        method: Method,
        url: &str,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, RegistryError> {
        let agent = self.agent(asked);
        patiently(asked, || {
            let request = match method {
                Method::Head => agent.head(url),
                Method::Get => agent.get(url),
            };
            let request = request.header("accept", KINDS);
            match authorization {
                Some(words) => request.header("authorization", words).call(),
                None => request.call(),
            }
        })
    }

    fn agent(&self, asked: &Asked) -> &Agent {
        if asked.is_here() { &self.direct } else { &self.through_proxy }
    }
}

/// Tries again what may go better: no connection, a busy or broken registry.
fn patiently(
    asked: &Asked,
    send: impl Fn() -> Result<Response<Body>, ureq::Error>,
) -> Result<Response<Body>, RegistryError> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let sent = send();
        let is_busy =
            |status: StatusCode| status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        let pause = match &sent {
            Ok(answer) if is_busy(answer.status()) => {
                pauses.next().map(|pause| asked_for(answer).unwrap_or(pause))
            }
            Err(bad) if is_passing(bad) => pauses.next(),
            _ => None,
        };
        let Some(pause) = pause else { return sent.map_err(|bad| asked.unreachable(&bad)) };
        std::thread::sleep(pause);
    }
}

/// The pause that a registry asks for, in seconds.
fn asked_for(answer: &Response<Body>) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// May the same request go well a moment later? A name that nobody knows and a certificate that is not trusted stay so.
fn is_passing(bad: &ureq::Error) -> bool {
    match bad {
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(bad) => bad.kind() != io::ErrorKind::ConnectionRefused,
        _ => false,
    }
}

/// What is asked for, and of whom.
struct Asked {
    image: String,
    host: String,
    repository: String,
    tag: String,
}

impl Asked {
    fn new(image: &ImageRef) -> Self {
        let named = image.registry.as_deref();
        let is_hub = named.is_none_or(|host| host == "docker.io" || host == "index.docker.io");
        // https://docs.docker.com/docker-hub/repos/: an official image has no owner in its name.
        let is_official = is_hub && !image.repository.contains('/');
        let owner = if is_official { "library/" } else { "" };
        Self {
            image: image.to_string(),
            host: named.filter(|_| !is_hub).unwrap_or(HUB).to_owned(),
            repository: format!("{owner}{}", image.repository),
            tag: image.tag.clone().unwrap_or_else(|| "latest".to_owned()),
        }
    }

    /// A registry on this machine, which Docker takes without encryption as well.
    fn is_here(&self) -> bool {
        is_this_machine(self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name))
    }

    fn root(&self) -> String {
        let scheme = if self.is_here() { "http" } else { "https" };
        format!("{scheme}://{}", self.host)
    }

    /// What `docker login` has kept for the registry, if anything.
    fn credential(&self) -> Result<Option<DockerCredential>, RegistryError> {
        let server = if self.host == HUB { HUB_LOGIN } else { &self.host };
        match docker_credential::get_credential(server) {
            Ok(credential) => Ok(Some(credential)),
            // Most people have no configuration; and helpers say in words of their own, and by failing, that they have
            // nothing. Whoever needed it is told that nobody knows them.
            Err(
                CredentialRetrievalError::ConfigNotFound
                | CredentialRetrievalError::ConfigReadError
                | CredentialRetrievalError::NoCredentialConfigured
                | CredentialRetrievalError::HelperFailure { .. },
            ) => Ok(None),
            Err(bad) => Err(self.odd(format!("Docker's configuration cannot be used: {bad}"))),
        }
    }

    fn unreachable(&self, bad: &ureq::Error) -> RegistryError {
        RegistryError::Unreachable {
            host: self.host.clone(),
            image: self.image.clone(),
            why: bad.to_string(),
        }
    }

    fn not_there(&self) -> RegistryError {
        RegistryError::NotThere { host: self.host.clone(), image: self.image.clone() }
    }

    fn denied(&self, who: &'static str) -> RegistryError {
        RegistryError::Denied { host: self.host.clone(), image: self.image.clone(), who }
    }

    fn odd(&self, why: String) -> RegistryError {
        RegistryError::Odd { host: self.host.clone(), image: self.image.clone(), why }
    }
}

/// Does the name of a host, without its port, stay on this machine?
fn is_this_machine(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stay_on_this_machine() {
        for name in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"] {
            assert!(is_this_machine(name), "{name}");
        }
        for name in ["127.example.com", "localhost.example.com", "10.0.0.1", ""] {
            assert!(!is_this_machine(name), "{name}");
        }
    }

    #[test]
    fn images_are_asked_for_where_docker_would() {
        let asked = |image: &str| {
            let asked = Asked::new(&image.parse().expect("an image"));
            format!("{}/{}:{}", asked.root(), asked.repository, asked.tag)
        };
        assert_eq!(asked("golang:1.26-alpine"), "https://registry-1.docker.io/library/golang:1.26-alpine");
        assert_eq!(asked("docker.io/acme/base"), "https://registry-1.docker.io/acme/base:latest");
        assert_eq!(asked("gcr.io/distroless/cc:nonroot"), "https://gcr.io/distroless/cc:nonroot");
        assert_eq!(asked("localhost:5000/hub/node:24"), "http://localhost:5000/hub/node:24");
    }
}
