//! Server libraries: they listen inside the project's own program. The port is that of each project's first example.

use super::{Framework, Gives};

const fn library(name: &'static str, packages: &'static [&'static str], port: u16) -> Framework {
    Framework { name, packages, gives: Gives::Library, port, dev: &[], public: &[] }
}

/// Those that build upon another one come before it.
pub(super) const ROWS: &[Framework] = &[
    library("NestJS", &["@nestjs/core"], 3000),
    library("AdonisJS", &["@adonisjs/core"], 3333),
    library("Strapi", &["@strapi/strapi", "strapi"], 1337),
    library("Feathers", &["@feathersjs/feathers"], 3030),
    library("Keystone", &["@keystone-6/core"], 3000),
    library("LoopBack", &["@loopback/rest", "loopback"], 3000),
    library("Sails", &["sails"], 1337),
    library("Medusa", &["@medusajs/medusa"], 9000),
    library("Midway", &["@midwayjs/core"], 7001),
    library("Egg", &["egg"], 7001),
    library("Moleculer", &["moleculer"], 3000),
    library("Apollo Server", &["@apollo/server", "apollo-server", "graphql-yoga"], 4000),
    library("Fastify", &["fastify"], 3000),
    library("Hono", &["hono", "@hono/node-server"], 3000),
    library("Koa", &["koa"], 3000),
    library("hapi", &["@hapi/hapi", "hapi"], 3000),
    library("restify", &["restify"], 8080),
    library("Elysia", &["elysia"], 3000),
    library("h3", &["h3"], 3000),
    library("Polka", &["polka"], 3000),
    library("micro", &["micro"], 3000),
    library("json-server", &["json-server"], 3000),
    library("Socket.IO", &["socket.io"], 3000),
    library("ws", &["ws"], 8080),
    library("Express", &["express"], 3000),
];
